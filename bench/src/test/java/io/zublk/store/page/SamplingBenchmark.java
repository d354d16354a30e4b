package io.zublk.store.page;

import io.zublk.block.BlockChannel;
import io.zublk.block.SampledDevice;
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

/**
 * What it costs that one request in {@value SampledDevice#EVERY} is timed: the smallest and
 * cheapest requests there are, one page each from a store that a cache holds, and no transport
 * around them.
 */
@State(Scope.Thread)
@Fork(5)
@Warmup(iterations = 2, time = 700, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 20, time = 100, timeUnit = TimeUnit.MILLISECONDS)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class SamplingBenchmark {

  private static final int PAGE_BYTES = 4096;

  @Param(MemoryPages.GENERATED)
  String data;

  @Param("1")
  int mib;

  @Param({"lz4", "line"})
  String codec;

  private PageStore store;
  private BlockChannel plain;
  private BlockChannel sampled;
  private MemorySegment pages;
  private MemorySegment buffer;
  private int step;

  @Setup(Level.Trial)
  public void open() throws IOException {
    Path path = Files.createTempDirectory(Path.of("/dev/shm"), "zublk-jmh").resolve("store");
    int bytes = mib << 20;
    boolean _ = LineVectors.train();
    store = PageStore.create(path, new StoreOptions(bytes, PackingSpec.parse(codec), 0));
    Files.delete(path);
    Files.delete(path.getParent());
    plain = store.openChannel();
    sampled = new SampledDevice(store).openChannel();
    pages = MemoryPages.load(data, mib << 8);
    buffer = Memory.mapAnonymous(PAGE_BYTES);
    FilledStore.check(plain.write(0, pages, 0, bytes));
  }

  @TearDown(Level.Trial)
  public void close() {
    plain.close();
    sampled.close();
    store.close();
    Memory.unmap(pages);
    Memory.unmap(buffer);
  }

  private void read(BlockChannel channel) {
    step = (step + 1) & (mib << 8) - 1;
    FilledStore.check(channel.read((long) step * PAGE_BYTES, buffer, 0, PAGE_BYTES));
  }

  @Benchmark
  public void plain() {
    read(plain);
  }

  @Benchmark
  public void sampled() {
    read(sampled);
  }
}
