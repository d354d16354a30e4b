package io.zublk.store;

import static io.zublk.store.TestPages.PAGE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zublk.block.BlockChannel;
import io.zublk.block.Errno;
import io.zublk.block.Threads;
import io.zublk.store.file.StoreFile;
import io.zublk.store.table.PageEntry;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;

/** A store that is closed while its channels are in use: none touches memory that is gone. */
class PageStoreCloseTest {

  private static final int PAGES = 1024;
  private static final int LARGE = 1 << 20;
  private static final int THREADS = 4;
  private static final int ROUNDS = 30;

  private static final StoreOptions OPTIONS =
      new StoreOptions((long) PAGES * PAGE, TestPages.LZ4, 0);
  private static final StoreTuning STAGING =
      new StoreTuning(2, 16, 50, 512, new BitSet(), StoreTuning.ANY_NODE);

  private final MemorySegment buffer = Arena.ofAuto().allocate(LARGE, PAGE);

  @Test
  void everyOperationAfterwardsFindsTheStoreShutDown() throws Exception {
    try (TestStore test = new TestStore(OPTIONS);
        BlockChannel channel = test.get().openChannel()) {
      test.get().close();
      int shutDown = -Errno.ESHUTDOWN;
      assertThat(channel.read(0, buffer, 0, PAGE)).isEqualTo(shutDown);
      assertThat(channel.read(100, buffer, 0, 8)).isEqualTo(shutDown);
      assertThat(channel.write(0, buffer, 0, PAGE)).isEqualTo(shutDown);
      assertThat(channel.discard(0, PAGE)).isEqualTo(shutDown);
      assertThat(channel.writeZeroes(0, PAGE, false)).isEqualTo(shutDown);
      assertThat(channel.status(0, PAGE)).isEqualTo(shutDown);
      try (BlockChannel late = test.get().openChannel()) {
        assertThat(late.read(0, buffer, 0, PAGE)).isEqualTo(shutDown);
      }
    }
  }

  @Test
  void whatAdministratorsDoAfterwardsTouchesNoMemoryEither() throws Exception {
    long limit = 64L << 20;
    StoreOptions options = new StoreOptions(OPTIONS.sizeBytes(), TestPages.LZ4, limit);
    try (TestStore test = new TestStore(options)) {
      PageStore store = test.get();
      store.close();
      assertThat(store.trim()).isFalse();
      assertThat(store.compact()).isFalse();
      store.setMemLimit(0);
      assertThat(store.options()).isEqualTo(options);
      assertThat(store.stats().memLimit()).isEqualTo(limit);
    }
  }

  @Test
  void sharedReadsFindItShutDownToo() throws Exception {
    try (TestStore test = new TestStore(OPTIONS, STAGING);
        BlockChannel channel = test.get().openChannel()) {
      MemorySegment shared = Arena.global().allocate(LARGE, PAGE);
      assertThat(channel.read(0, shared, 0, LARGE)).isZero();
      test.get().close();
      assertThat(channel.read(0, shared, 0, LARGE)).isEqualTo(-Errno.ESHUTDOWN);
    }
  }

  /** A request that was let in goes on as if nothing were: this one waits for a page's lock. */
  @Test
  void aRequestUnderWayIsWaitedFor() throws Exception {
    try (TestStore test = new TestStore(OPTIONS);
        BlockChannel channel = test.get().openChannel()) {
      TestPages.write(buffer, 0, 1);
      assertThat(channel.write(0, buffer, 0, PAGE)).isZero();
      long entry = test.entry(0);
      test.overwriteEntry(0, entry | PageEntry.LOCK);
      FutureTask<Integer> read = new FutureTask<>(() -> channel.read(0, buffer, 0, PAGE));
      Thread reader = Thread.ofPlatform().start(read);
      awaitNap(reader);
      Thread closer = Thread.ofPlatform().start(test.get()::close);
      awaitNap(closer);
      test.overwriteEntry(0, entry);
      assertThat(read.get()).isZero();
      Threads.join(closer);
      assertThat(channel.read(0, buffer, 0, PAGE)).isEqualTo(-Errno.ESHUTDOWN);
    }
  }

  private static void awaitNap(Thread thread) throws InterruptedException {
    while (thread.getState() != Thread.State.TIMED_WAITING) {
      assertThat(thread.isAlive()).isTrue();
      Thread.sleep(1);
    }
  }

  @Test
  void theFileStaysMappedIfARequestDoesNotEnd() throws Exception {
    Path directory = Files.createTempDirectory(TestPages.SHM, "zublk-close-test");
    Path path = directory.resolve("store");
    try {
      StoreFile file = StoreFile.create(path, PAGES, TestPages.LZ4, StoreTuning.ANY_NODE);
      Gate gate = new Gate(1);
      PageStore store = new PageStore(file, StoreTuning.INLINE, gate);
      Gate.Entrance endless = gate.open();
      assertThat(endless.enter()).isTrue();
      assertThatThrownBy(store::close).hasMessageContaining("stays mapped until the process ends");
      assertThat(store.stats().memUsedTotal()).isEqualTo(file.allocatedBytes());
      file.close();
    } finally {
      Files.deleteIfExists(path);
      Files.delete(directory);
    }
  }

  @Test
  void channelsUnderLoadEndWithTheStore() throws Exception {
    for (int round = 0; round < ROUNDS; round++) {
      try (TestStore test = new TestStore(OPTIONS, round % 2 == 0 ? STAGING : StoreTuning.INLINE)) {
        List<FutureTask<Integer>> ends = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
          FutureTask<Integer> end = new FutureTask<>(new Load(test.get().openChannel(), i)::run);
          Thread _ = Thread.ofPlatform().start(end);
          ends.add(end);
        }
        while (test.get().stats().origDataSize() < 64 * PAGE) {
          Thread.sleep(1);
        }
        test.get().close();
        for (FutureTask<Integer> end : ends) {
          assertThat(end.get()).isEqualTo(-Errno.ESHUTDOWN);
        }
      }
    }
  }

  /** What one thread does with its channel until an operation fails; returns how. */
  private record Load(BlockChannel channel, int seed) {

    int run() {
      try (channel;
          Arena arena = Arena.ofShared()) {
        MemorySegment memory = arena.allocate(LARGE, PAGE);
        int result = 0;
        for (int i = seed; result >= 0; i++) {
          result = step(i, memory);
        }
        return result;
      }
    }

    private int step(int i, MemorySegment memory) {
      long at = i * 31L % PAGES * PAGE;
      return switch (i % 8) {
        case 0 -> channel.read(at, memory, 0, PAGE);
        case 1 -> channel.discard(at, PAGE);
        case 2 -> channel.read(0, memory, 0, LARGE);
        case 3 -> (int) Math.min(channel.status(at, PAGE), 0);
        default -> {
          TestPages.write(memory, 0, i);
          yield channel.write(at, memory, 0, PAGE);
        }
      };
    }
  }
}
