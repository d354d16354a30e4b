package io.zublk.store.page;

import static io.zublk.block.Geometry.PAGE_BYTES;

import io.zublk.codec.PageChecksum;
import io.zublk.codec.PageFill;
import io.zublk.store.table.PageEntry;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;

/** What surrounds the codec, step by step, with the objects that lz4 makes. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class PageStepBenchmark extends StoreState {

  private PageChecksum checksum;

  @Override
  String codec() {
    return "lz4";
  }

  @Override
  public void open() throws IOException {
    super.open();
    checksum = new PageChecksum(buffer);
  }

  /** The walk itself: what every other figure contains. */
  @Benchmark
  public long walk() {
    return entries[next()];
  }

  @Benchmark
  public long lockAndUnlock() {
    int page = nextPage();
    long entry = store.table.lock(page);
    store.table.unlock(page, entry);
    return entry;
  }

  @Benchmark
  public boolean checkEntry() {
    int i = next();
    return PageEntry.isValid(store.order[i], entries[i]);
  }

  /** Copies an object out of the arena, and computes its checksum: what every read begins with. */
  @Benchmark
  public int checksumObject() {
    int i = next();
    long entry = entries[i];
    int length = PageEntry.length(entry);
    long bytes = PageObject.position(store.file.layout(), entry) + PageObject.CHECKSUM_BYTES;
    MemorySegment.copy(store.file.memory(), bytes, buffer, 0, length);
    return checksum.of(0, length, PageObject.seed(store.order[i], entry));
  }

  @Benchmark
  public boolean checkFill() {
    return PageFill.isFilled(store.data, (long) nextPage() * PAGE_BYTES);
  }

  /** From the scratch page, which is in the cache, to the arena. */
  @Benchmark
  public void copyObject() {
    long entry = entries[next()];
    long bytes = PageObject.position(store.file.layout(), entry) + PageObject.CHECKSUM_BYTES;
    MemorySegment.copy(buffer, 0, store.file.memory(), bytes, PageEntry.length(entry));
  }

  /** Takes a slot as large as the page's, and frees the page's: what overwriting does. */
  @Benchmark
  public long allocateAndFree() {
    int i = next();
    long old = entries[i];
    int bytes = PageObject.bytes(old);
    long location = store.arena.allocate(bytes, false);
    store.arena.free(PageEntry.location(old), bytes);
    int page = store.order[i];
    entries[i] =
        PageEntry.isWhole(old)
            ? PageEntry.ofRaw(page, 0, location)
            : PageEntry.ofObject(page, PageEntry.LZ4, PageEntry.length(old), location);
    return location;
  }
}
