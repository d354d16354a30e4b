package io.zublk.store.page;

import static io.zublk.block.Geometry.PAGE_BYTES;

import io.zublk.codec.CodecSpec;
import io.zublk.codec.PageCodec;
import io.zublk.store.table.PageEntry;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;

/** The codecs alone, on the very bytes that the store has, in the order that it is read in. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class CodecBenchmark extends StoreState {

  @Param({"lz4", "line", "zstd"})
  String codec;

  private PageCodec pageCodec;

  @Override
  String codec() {
    return codec;
  }

  @Override
  public void open() throws IOException {
    super.open();
    pageCodec = CodecSpec.parse(codec).newCodec();
  }

  @Override
  public void close() {
    pageCodec.close();
    super.close();
  }

  @Benchmark
  public int encode() {
    long source = (long) nextPage() * PAGE_BYTES;
    return pageCodec.compress(store.data, source, buffer, 0, ObjectWriter.MAX_COMPRESSED_BYTES);
  }

  @Benchmark
  public boolean decode() {
    long entry = entries[next()];
    long bytes = PageObject.position(store.file.layout(), entry) + PageObject.CHECKSUM_BYTES;
    return pageCodec.decompress(store.file.memory(), bytes, PageEntry.length(entry), buffer, 0);
  }
}
