package io.zublk.store;

import static io.zublk.store.TestPages.PAGE;
import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.block.BlockChannel;
import io.zublk.block.Errno;
import io.zublk.store.page.PageAccess;
import io.zublk.store.work.LargeRead;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Reads that several threads share: all of them end, and with the right bytes. */
class LargeReadTest {

  private static final int PAGES = 1024;
  private static final int LARGE = 256;
  private static final StoreOptions OPTIONS =
      new StoreOptions((long) PAGES * PAGE, TestPages.LZ4, 0);

  private final MemorySegment expected = Arena.ofAuto().allocate((long) PAGES * PAGE, PAGE);
  private final MemorySegment buffer = Arena.ofAuto().allocate((long) PAGES * PAGE, PAGE);

  private static StoreTuning tuning(int workers, int stagingPages) {
    return new StoreTuning(workers, 16, 50, stagingPages, new BitSet(), StoreTuning.ANY_NODE);
  }

  @Test
  void allReadsEndWhileWorkersWakeAndSleepForOtherReasons() throws Exception {
    try (TestStore test = new TestStore(OPTIONS, tuning(2, 256));
        ExecutorService pool = Executors.newFixedThreadPool(5, LargeReadTest::daemon)) {
      fill(test.get());
      List<Future<Void>> readers = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        readers.add(pool.submit(reader(test.get(), i)));
      }
      Future<Void> writer = pool.submit(writer(test.get(), readers, 4));
      Future<Void> other = pool.submit(writer(test.get(), readers, 5));
      for (Future<Void> reader : readers) {
        reader.get(300, TimeUnit.SECONDS);
      }
      writer.get();
      other.get();
      assertThat(test.get().stats().sharedReads()).isPositive();
    }
  }

  private static Thread daemon(Runnable work) {
    Thread thread = new Thread(work);
    thread.setDaemon(true); // one that hangs must not keep the build from saying so
    return thread;
  }

  private static Callable<Void> reader(PageStore store, int id) {
    return () -> {
      Random random = new Random(id);
      MemorySegment target = Arena.ofAuto().allocate(LARGE * (long) PAGE, PAGE);
      try (BlockChannel channel = store.openChannel()) {
        for (int i = 0; i < 4000; i++) {
          long pages = 64L << random.nextInt(3);
          long page = random.nextLong(PAGES / 2 - pages + 1);
          assertThat(channel.read(page * PAGE, target, 0, (int) pages * PAGE)).isZero();
        }
      }
      return null;
    };
  }

  /** Overwrites the other half of the pages until nobody reads any more. */
  private static Callable<Void> writer(PageStore store, List<Future<Void>> readers, int id) {
    return () -> {
      Random random = new Random(id);
      MemorySegment source = Arena.ofAuto().allocate(PAGE, PAGE);
      TestPages.write(source, 0, 2);
      try (BlockChannel channel = store.openChannel()) {
        while (readers.stream().anyMatch(reader -> !reader.isDone())) {
          int page = PAGES / 2 + random.nextInt(PAGES / 2);
          assertThat(channel.write((long) page * PAGE, source, 0, PAGE)).isZero();
        }
      }
      return null;
    };
  }

  @Test
  void aFaultOfAHelperFailsTheReadAndTheWorkerGoesOn() throws Exception {
    try (TestStore test = new TestStore(OPTIONS, tuning(1, 0));
        Arena own = Arena.ofConfined();
        BlockChannel channel = test.get().openChannel()) {
      fill(test.get());
      MemorySegment onlyOurs = own.allocate(LARGE * (long) PAGE, PAGE);
      PageAccess access = test.get().pages().open();
      LargeRead read = new LargeRead(test.get().workers());
      int status = 0;
      while (status == 0) { // until a worker helps, which may not write there
        status = read.run(access.reader(), 0, LARGE, onlyOurs, 0);
      }
      assertThat(status).isEqualTo(-Errno.EIO);
      while (test.get().stats().sharedReads() == 0) { // for ever if it does not go on
        expectToRead(channel);
      }
      access.close();
    }
  }

  @Test
  void buffersOfOneThreadAreReadWithoutHelp() throws Exception {
    try (TestStore test = new TestStore(OPTIONS, tuning(2, 0));
        Arena own = Arena.ofConfined();
        BlockChannel channel = test.get().openChannel()) {
      fill(test.get());
      MemorySegment onlyOurs = own.allocate(LARGE * (long) PAGE, PAGE);
      for (int i = 0; i < 1000; i++) {
        assertThat(channel.read(0, onlyOurs, 0, LARGE * PAGE)).isZero();
      }
      assertThat(
              MemorySegment.mismatch(
                  onlyOurs, 0, onlyOurs.byteSize(), expected, 0, onlyOurs.byteSize()))
          .isEqualTo(-1);
      assertThat(test.get().stats().sharedReads()).isZero();
    }
  }

  @Test
  void aBufferThatIsTooSmallIsTheCallersFaultAndTheNextReadIsWhole() throws Exception {
    try (TestStore test = new TestStore(OPTIONS, tuning(2, 0));
        BlockChannel channel = test.get().openChannel()) {
      fill(test.get());
      MemorySegment half = buffer.asSlice(0, LARGE / 2 * (long) PAGE);
      for (int i = 0; i < 100; i++) {
        try {
          assertThat(channel.read(0, half, 0, LARGE * PAGE)).isEqualTo(-Errno.EIO);
        } catch (IndexOutOfBoundsException _) {
          // It was this thread that came to the buffer's end.
        }
        expectToRead(channel);
      }
    }
  }

  private void fill(PageStore store) {
    for (int page = 0; page < PAGES; page++) {
      TestPages.write(expected, (long) page * PAGE, 4L * page + 2 + page % 2); // raw, every other
    }
    try (BlockChannel channel = store.openChannel()) {
      assertThat(channel.write(0, expected, 0, PAGES * PAGE)).isZero();
    }
    assertThat(store.settle()).isTrue();
  }

  private void expectToRead(BlockChannel channel) {
    buffer.fill((byte) 1);
    assertThat(channel.read(0, buffer, 0, PAGES * PAGE)).isZero();
    assertThat(buffer.mismatch(expected)).isEqualTo(-1);
  }
}
