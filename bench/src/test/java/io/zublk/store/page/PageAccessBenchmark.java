package io.zublk.store.page;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;

/** Whole pages, read and written at random by one thread. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class PageAccessBenchmark extends StoreState {

  @Param("lz4")
  String codec;

  @Override
  String codec() {
    return codec;
  }

  @Benchmark
  public void load() {
    FilledStore.check(store.access.reader().read(nextPage(), buffer, 0));
  }

  @Benchmark
  public void store() {
    int page = nextPage();
    FilledStore.check(store.write(store.access, page));
  }
}
