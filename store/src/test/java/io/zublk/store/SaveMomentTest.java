package io.zublk.store;

import static io.zublk.store.TestPages.PAGE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zublk.block.BlockChannel;
import io.zublk.block.BlockStatus;
import io.zublk.codec.PackingSpec;
import io.zublk.store.file.StoreExtent;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A save is of one moment, whatever is written meanwhile. Each page has one writer, which gives it
 * one version after another, and notes the tick of a clock when it begins a write and when that is
 * acknowledged. If the file has a write that began after another one was acknowledged, it has that
 * as well.
 */
@Timeout(300)
class SaveMomentTest {

  private static final int PAGES = 4096;
  private static final int WRITERS = 4;
  private static final long SIZE = (long) PAGES * PAGE;

  // Versions that are no page of their own seed; each page has them once.
  private static final int DISCARDED = 2;
  private static final int ZEROED = 4;

  private final AtomicLong clock = new AtomicLong();

  /** By page and version; all pages have their version 0 before any save. */
  private final List<List<long[]>> writes = new ArrayList<>();

  private final AtomicBoolean stop = new AtomicBoolean();

  @ParameterizedTest
  @CsvSource({"lz4, 0, 0", "lz4, 2, 0", "line+zstd, 2, 0", "lz4, 0, 7", "lz4, 2, 7", "none, 0, 3"})
  void aWriteIsInTheFileOnlyWithAllThatWereAcknowledgedBeforeIt(
      String packing, int workers, int slackMib) throws Exception {
    long metadata = StoreExtent.ofNew(PAGES).metadataBytes;
    long limit = slackMib == 0 ? 0 : metadata + ((long) slackMib << 20);
    StoreOptions options = new StoreOptions(SIZE, PackingSpec.parse(packing), limit);
    StoreTuning tuning = new StoreTuning(workers, 16, 100, 1024, new BitSet(), -1);
    for (int page = 0; page < PAGES; page++) {
      writes.add(new ArrayList<>(List.of(new long[2])));
    }
    long before;
    long after;
    byte[] file;
    try (TestStore test = new TestStore(options, tuning);
        ExecutorService pool = Executors.newFixedThreadPool(WRITERS + 1)) {
      writeFirst(test.get());
      for (int round = 0; round < 3; round++) {
        List<Future<Void>> others = new ArrayList<>();
        stop.set(false);
        for (int i = 0; i < WRITERS; i++) {
          others.add(pool.submit(writer(test.get(), i, round)));
        }
        others.add(pool.submit(compactor(test.get())));
        nap(100);
        try {
          before = clock.incrementAndGet();
          file = saveSlowly(test.get());
          after = clock.incrementAndGet();
        } finally {
          stop.set(true);
        }
        for (Future<Void> other : others) {
          other.get();
        }
        check(file, before, after);
      }
      assertThat(test.get().settle()).isTrue();
      assertThat(test.get().stats().checksumErrors()).isZero();
      StoreStats stats = test.get().stats();
      assertThat(PageKinds.counted(test.get())).isEqualTo(PageKinds.inTable(test.get()));
      assertThat(test.reopen().stats().comprDataSize()).isEqualTo(stats.comprDataSize());
    }
  }

  /** Slower than the writers, so that much is written before the file has it. */
  private static byte[] saveSlowly(PageStore store) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    WritableByteChannel file = Channels.newChannel(bytes);
    store.save(
        new Slow(file) {
          @Override
          public int write(ByteBuffer source) throws IOException {
            nap(5);
            return super.write(source);
          }
        });
    return bytes.toByteArray();
  }

  private static void writeFirst(PageStore store) {
    MemorySegment buffer = Arena.ofAuto().allocate(PAGE, PAGE);
    try (BlockChannel channel = store.openChannel()) {
      for (int page = 0; page < PAGES; page++) {
        assertThat(write(channel, buffer, page, 0)).isZero();
      }
    }
  }

  private static void nap(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private Callable<Void> writer(PageStore store, int id, int round) {
    return () -> {
      Random random = new Random(10 * round + id);
      MemorySegment buffer = Arena.ofAuto().allocate(PAGE, PAGE);
      try (BlockChannel channel = store.openChannel()) {
        while (!stop.get()) {
          int page = random.nextInt(PAGES / WRITERS) * WRITERS + id;
          List<long[]> versions = writes.get(page);
          long[] ticks = {clock.incrementAndGet(), Long.MAX_VALUE};
          int version;
          synchronized (versions) {
            version = versions.size();
            versions.add(ticks);
          }
          int result = write(channel, buffer, page, version);
          synchronized (versions) {
            if (result == 0) {
              ticks[1] = clock.incrementAndGet();
            } else { // a full store: nothing has changed
              versions.removeLast();
            }
          }
        }
      }
      return null;
    };
  }

  private static int write(BlockChannel channel, MemorySegment buffer, int page, int version) {
    long at = (long) page * PAGE;
    if (version == DISCARDED) {
      return channel.discard(at, PAGE);
    }
    if (version == ZEROED) {
      return channel.writeZeroes(at, PAGE, false);
    }
    TestPages.write(buffer, 0, seed(page, version));
    return channel.write(at, buffer, 0, PAGE);
  }

  private static long seed(int page, int version) {
    return ((long) page << 32) + version + (1L << 62);
  }

  private Callable<Void> compactor(PageStore store) {
    return () -> {
      while (!stop.get()) {
        boolean _ = store.compact();
        nap(1);
      }
      return null;
    };
  }

  private void check(byte[] file, long before, long after) throws IOException {
    long lastBegun = 0;
    long firstMissing = Long.MAX_VALUE;
    MemorySegment buffer = Arena.ofAuto().allocate(PAGE, PAGE);
    MemorySegment scratch = Arena.ofAuto().allocate(PAGE, PAGE);
    StoreOptions options = new StoreOptions(SIZE, TestPages.LZ4, 0);
    try (PageStore restored = SaveFile.restored(file, options);
        BlockChannel channel = restored.openChannel()) {
      for (int page = 0; page < PAGES; page++) {
        assertThat(channel.read((long) page * PAGE, buffer, 0, PAGE)).isZero();
        long seed = TestPages.seedOf(buffer, 0, scratch);
        List<long[]> versions = writes.get(page);
        synchronized (versions) {
          int version = version(channel, page, seed);
          assertThat(version).as("page %d: %x", page, seed).isBetween(0, versions.size() - 1);
          lastBegun = Math.max(lastBegun, versions.get(version)[0]);
          if (version + 1 < versions.size()) {
            long missing = versions.get(version + 1)[1];
            assertThat(missing).as("acknowledged before the save").isGreaterThan(before);
            firstMissing = Math.min(firstMissing, missing);
          }
        }
      }
    }
    assertThat(lastBegun).isLessThan(after);
    assertThat(lastBegun).as("a later write than one that is missing").isLessThan(firstMissing);
  }

  private static int version(BlockChannel channel, int page, long seed) {
    if (seed > 0) {
      assertThat(seed >>> 32).isEqualTo(seed(page, 0) >>> 32);
      return (int) seed;
    }
    assertThat(seed).isZero();
    boolean isAbsent = (channel.status((long) page * PAGE, PAGE) & BlockStatus.HOLE) != 0;
    return isAbsent ? DISCARDED : ZEROED;
  }

  /** Of the writes that a save keeps waiting: none waits long, and none fails. */
  @Test
  void aFileThatTakesNothingLosesTheSaveAndNoWrite() throws Exception {
    int pages = 3 * 4096;
    StoreOptions options = new StoreOptions((long) pages * PAGE, TestPages.LZ4, 0);
    MemorySegment buffer = Arena.ofAuto().allocate(PAGE, PAGE);
    try (TestStore test = new TestStore(options);
        BlockChannel channel = test.get().openChannel();
        ExecutorService pool = Executors.newSingleThreadExecutor()) {
      writeAll(channel, buffer, pages, 1L << 40);
      CountDownLatch begun = new CountDownLatch(1);
      CountDownLatch written = new CountDownLatch(1);
      WritableByteChannel stuck =
          new Slow(Channels.newChannel(new ByteArrayOutputStream())) {
            @Override
            public int write(ByteBuffer source) throws IOException {
              if (source.remaining() > 128) {
                begun.countDown();
                await(written);
              }
              return super.write(source);
            }
          };
      Future<SavedPages> save = pool.submit(() -> test.get().save(stuck));
      await(begun);
      writeAll(channel, buffer, pages, 1L << 41);
      written.countDown();
      assertThatThrownBy(save::get)
          .hasRootCauseInstanceOf(IOException.class)
          .hasMessageContaining("the device is written faster than the file");
      try (PageStore restored = SaveFile.restored(SaveFile.of(test.get()), options);
          BlockChannel copy = restored.openChannel()) {
        assertThat(copy.read((pages - 1L) * PAGE, buffer, 0, PAGE)).isZero();
        MemorySegment scratch = Arena.ofAuto().allocate(PAGE, PAGE);
        assertThat(TestPages.seedOf(buffer, 0, scratch)).isEqualTo((1L << 41) + pages - 1);
      }
    }
  }

  private static void writeAll(BlockChannel channel, MemorySegment buffer, int pages, long seed) {
    for (int page = 0; page < pages; page++) {
      TestPages.write(buffer, 0, seed + page);
      assertThat(channel.write((long) page * PAGE, buffer, 0, PAGE)).isZero();
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aStoreThatIsClosedEndsItsSaveAndOneSaveIsEnough() throws Exception {
    StoreOptions options = new StoreOptions(SIZE, TestPages.LZ4, 0);
    MemorySegment buffer = Arena.ofAuto().allocate(PAGE, PAGE);
    try (TestStore test = new TestStore(options);
        ExecutorService pool = Executors.newSingleThreadExecutor()) {
      try (BlockChannel channel = test.get().openChannel()) {
        writeAll(channel, buffer, PAGES, 1L << 40);
      }
      CountDownLatch begun = new CountDownLatch(1);
      CountDownLatch closed = new CountDownLatch(1);
      WritableByteChannel file =
          new Slow(Channels.newChannel(new ByteArrayOutputStream())) {
            @Override
            public int write(ByteBuffer source) throws IOException {
              if (source.remaining() > 128) {
                begun.countDown();
                await(closed);
              }
              return super.write(source);
            }
          };
      Future<SavedPages> save = pool.submit(() -> test.get().save(file));
      await(begun);
      assertThatThrownBy(() -> SaveFile.of(test.get())).hasMessage("it is being saved already");
      test.get().close();
      closed.countDown();
      assertThatThrownBy(save::get).hasMessageContaining("the device ends");
    }
  }

  /** A channel that passes on what it gets. */
  private static class Slow implements WritableByteChannel {

    private final WritableByteChannel target;

    Slow(WritableByteChannel target) {
      this.target = target;
    }

    @Override
    public int write(ByteBuffer source) throws IOException {
      return target.write(source);
    }

    @Override
    public boolean isOpen() {
      return target.isOpen();
    }

    @Override
    public void close() throws IOException {
      target.close();
    }
  }
}
