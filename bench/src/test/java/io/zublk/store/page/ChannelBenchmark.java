package io.zublk.store.page;

import io.zublk.block.BlockChannel;
import io.zublk.codec.LineVectors;
import io.zublk.codec.PackingSpec;
import io.zublk.store.PageStore;
import io.zublk.store.StoreOptions;
import io.zublk.uring.sys.Memory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** A whole store through its public door, 1 MiB at a time, one after the other; inline. */
@State(Scope.Thread)
@Fork(1)
@Warmup(iterations = 2, time = 700, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 20, time = 100, timeUnit = TimeUnit.MILLISECONDS)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class ChannelBenchmark {

  private static final int REQUEST_BYTES = 1 << 20;

  @Param(MemoryPages.GENERATED)
  String data;

  @Param("256")
  int mib;

  @Param("lz4")
  String codec;

  private PageStore store;
  private BlockChannel channel;
  private MemorySegment pages;
  private MemorySegment buffer;
  private int step;

  @Setup(Level.Trial)
  public void open() throws IOException {
    Path path = Files.createTempDirectory(Path.of("/dev/shm"), "zublk-jmh").resolve("store");
    long bytes = (long) mib * REQUEST_BYTES;
    boolean _ = LineVectors.train();
    store = PageStore.create(path, new StoreOptions(bytes, PackingSpec.parse(codec), 0));
    Files.delete(path);
    Files.delete(path.getParent());
    channel = store.openChannel();
    pages = MemoryPages.load(data, mib << 8);
    buffer = Memory.mapAnonymous(REQUEST_BYTES);
    for (int i = 0; i < mib; i++) {
      write();
    }
  }

  @TearDown(Level.Trial)
  public void close() {
    channel.close();
    store.close();
    Memory.unmap(pages);
    Memory.unmap(buffer);
  }

  private long nextPosition() {
    step = (step + 1) % mib;
    return (long) step * REQUEST_BYTES;
  }

  @Benchmark
  public void read() {
    FilledStore.check(channel.read(nextPosition(), buffer, 0, REQUEST_BYTES));
  }

  @Benchmark
  public void write() {
    long position = nextPosition();
    FilledStore.check(channel.write(position, pages, position, REQUEST_BYTES));
  }
}
