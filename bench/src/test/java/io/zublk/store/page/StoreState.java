package io.zublk.store.page;

import static io.zublk.block.Geometry.PAGE_BYTES;

import io.zublk.uring.sys.Memory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** A filled store for each measured thread, one page of buffer, and a walk over the pages. */
@State(Scope.Thread)
@Fork(1)
@Warmup(iterations = 2, time = 700, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 20, time = 100, timeUnit = TimeUnit.MILLISECONDS)
public abstract class StoreState {

  /** An image of memory, or the generated one. */
  @Param(MemoryPages.GENERATED)
  String data;

  /** The store's size before compression: one that stays in the L2 cache, and one far larger. */
  @Param({"1", "256"})
  int mib;

  FilledStore store;
  MemorySegment buffer;
  long[] entries;

  private int step;

  abstract String codec();

  @Setup(Level.Trial)
  public void open() throws IOException {
    store = new FilledStore(codec(), data, mib);
    buffer = Memory.mapAnonymous(PAGE_BYTES);
    entries = store.entriesInOrder();
  }

  @TearDown(Level.Trial)
  public void close() {
    store.close();
    Memory.unmap(buffer);
  }

  /** The next index into the order and the entries. */
  final int next() {
    step = (step + 1) & (entries.length - 1);
    return step;
  }

  final int nextPage() {
    return store.order[next()];
  }
}
