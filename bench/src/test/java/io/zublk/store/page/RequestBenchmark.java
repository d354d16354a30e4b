package io.zublk.store.page;

import io.zublk.block.BlockChannel;
import io.zublk.block.BlockDevice;
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
 * What sampling costs the shortest requests that there are, without a transport around them: reads
 * of a page that is absent, and of one that a cache holds.
 */
@State(Scope.Thread)
@Fork(1)
@Warmup(iterations = 2, time = 700, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 20, time = 100, timeUnit = TimeUnit.MILLISECONDS)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class RequestBenchmark {

  private static final int PAGE = 4096;
  private static final int ABSENT = 1024;

  /** Before the absent ones. */
  private static final int PRESENT = 256;

  @Param({"false", "true"})
  boolean sampled;

  @Param(MemoryPages.GENERATED)
  String data;

  @Param("lz4")
  String codec;

  private PageStore store;
  private BlockChannel channel;
  private MemorySegment buffer;
  private int step;

  @Setup(Level.Trial)
  public void open() throws IOException {
    Path path = Files.createTempDirectory(Path.of("/dev/shm"), "zublk-jmh").resolve("store");
    boolean _ = LineVectors.train();
    long bytes = (long) (PRESENT + ABSENT) * PAGE;
    store = PageStore.create(path, new StoreOptions(bytes, PackingSpec.parse(codec), 0));
    Files.delete(path);
    Files.delete(path.getParent());
    BlockDevice device = sampled ? new SampledDevice(store) : store;
    channel = device.openChannel();
    buffer = Memory.mapAnonymous(PAGE);
    MemorySegment pages = MemoryPages.load(data, PRESENT);
    FilledStore.check(channel.write(0, pages, 0, PRESENT * PAGE));
    Memory.unmap(pages);
  }

  @TearDown(Level.Trial)
  public void close() {
    channel.close();
    store.close();
    Memory.unmap(buffer);
  }

  @Benchmark
  public void readAbsent() {
    step = (step + 1) % ABSENT;
    read(PRESENT + step);
  }

  @Benchmark
  public void readPresent() {
    step = (step + 1) % PRESENT;
    read(step);
  }

  private void read(int page) {
    FilledStore.check(channel.read((long) page * PAGE, buffer, 0, PAGE));
  }
}
