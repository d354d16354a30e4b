package io.zublk.store.page;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Setup;

/** Pages written into the staging area; compressing them is not measured. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class StagingBenchmark extends StoreState {

  @Override
  String codec() {
    return "lz4";
  }

  @Setup(Level.Invocation)
  public void drain() {
    store.drain();
  }

  @Benchmark
  @OperationsPerInvocation(FilledStore.STAGING_PAGES)
  public void stage() {
    for (int i = 0; i < FilledStore.STAGING_PAGES; i++) {
      int page = nextPage();
      FilledStore.check(store.write(store.stagingAccess, page));
    }
  }
}
