package io.zublk.uring;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import io.zublk.uring.sys.Errnos;
import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.LinuxFile;
import io.zublk.uring.sys.Memory;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class RingTest {

  @Test
  void completionsCarryTheirSubmissionsInOrderAcrossManyTurnsOfTheQueues() throws LinuxException {
    try (Ring ring = Ring.open(RingOptions.forThisThread(8))) {
      assertThat(ring.submissions().capacity()).isEqualTo(8);
      assertThat(ring.completions().capacity()).isEqualTo(16);
      long expected = 0;
      for (int batch = 0; batch < 1000; batch++) {
        int count = 1 + batch % 8;
        submitNops(ring, expected, count);
        assertThat(ring.submitAndWait(count)).isEqualTo(count);
        assertThat(ring.completions().ready()).isEqualTo(count);
        for (int i = 0; i < count; i++) {
          assertThat(ring.completions().userData(i)).isEqualTo(expected++);
          assertThat(ring.completions().result(i)).isZero();
        }
        ring.completions().advance(count);
      }
      assertThat(ring.enters()).isEqualTo(1000);
    }
  }

  @Test
  void aFullSubmissionQueueSaysSoAndSubmits() throws LinuxException {
    try (Ring ring = Ring.open(RingOptions.forThisThread(4))) {
      submitNops(ring, 0, 4);
      assertThat(ring.submissions().next()).isEqualTo(SubmissionQueue.FULL);
      assertThat(ring.submissions().pending()).isEqualTo(4);
      assertThat(ring.submitAndWait(4)).isEqualTo(4);
      assertThat(ring.submissions().pending()).isZero();
      assertThat(ring.submissions().next()).isNotEqualTo(SubmissionQueue.FULL);
    }
  }

  @Test
  void completionsBeyondTheQueueAreKeptUntilThereIsRoom() throws LinuxException {
    try (Ring ring = Ring.open(new RingOptions(4, 4, false, true))) {
      for (int i = 0; i < 3; i++) {
        submitNops(ring, 4L * i, 4);
        assertThat(ring.submitAndWait(0)).isEqualTo(4);
      }
      for (long expected = 0; expected < 12; ) {
        ring.submitAndWait(1);
        int ready = ring.completions().ready();
        assertThat(ready).isBetween(1, 4);
        for (int i = 0; i < ready; i++) {
          assertThat(ring.completions().userData(i)).isEqualTo(expected++);
        }
        ring.completions().advance(ready);
      }
    }
  }

  @Test
  void readsWhatItWroteThroughARegisteredFile() throws LinuxException {
    try (LinuxFile file = LinuxFile.memory("ring", 0);
        Ring ring = Ring.open(RingOptions.forThisThread(4))) {
      MemorySegment buffer = Memory.mapAnonymous(8192);
      buffer.asSlice(0, 4096).fill((byte) 42);
      ring.registerFiles(file.fd());
      SubmissionQueue queue = ring.submissions();
      long address = buffer.address();
      Sqe.write(queue.memory(), queue.next(), Sqe.FIXED_FILE, 0, 4096, address, 4096, 1);
      assertThat(completeOne(ring, 1)).isEqualTo(4096);
      assertThat(file.size()).isEqualTo(8192);
      Sqe.read(queue.memory(), queue.next(), Sqe.FIXED_FILE, 0, 4096, address + 4096, 4096, 2);
      assertThat(completeOne(ring, 2)).isEqualTo(4096);
      assertThat(buffer.get(JAVA_BYTE, 8191)).isEqualTo((byte) 42);
      Sqe.read(queue.memory(), queue.next(), Sqe.FIXED_FILE, 1, 0, address, 4096, 3);
      assertThat(completeOne(ring, 3)).isEqualTo(-Errnos.EBADF);
      Memory.unmap(buffer);
    }
  }

  @Test
  void wideEntriesKeepTheirDistance() throws LinuxException {
    try (Ring ring = Ring.open(new RingOptions(4, 0, true, false))) {
      assertThat(ring.submissions().memory().byteSize()).isEqualTo(4 * 128);
      submitNops(ring, 7, 4);
      assertThat(ring.submitAndWait(4)).isEqualTo(4);
      assertThat(ring.completions().userData(3)).isEqualTo(10);
    }
  }

  @Test
  void aCommandToAFileWithoutCommandsFailsWithEopnotsupp() throws LinuxException {
    try (LinuxFile file = LinuxFile.memory("commands", 0);
        Ring ring = Ring.open(RingOptions.forThisThread(4))) {
      SubmissionQueue queue = ring.submissions();
      Sqe.command(queue.memory(), queue.next(), 0, file.fd(), 0x20, 1, 2, 9);
      assertThat(completeOne(ring, 9)).isEqualTo(-Errnos.EOPNOTSUPP);
    }
  }

  @Test
  void thisKernelGrantsTheBestFlags() throws LinuxException {
    try (Ring own = Ring.open(RingOptions.forThisThread(4));
        Ring shared = Ring.open(new RingOptions(4, 0, false, false))) {
      int best = Ring.SETUP_SINGLE_ISSUER | Ring.SETUP_DEFER_TASKRUN;
      assertThat(own.setupFlags() & best).isEqualTo(best);
      assertThat(own.selfRegistered()).isTrue();
      assertThat(shared.setupFlags() & best).isZero();
      assertThat(shared.selfRegistered()).isFalse();
    }
  }

  @Test
  @SuppressWarnings("try")
  void anotherThreadMayNeitherEnterNorCloseARingOfOneThread() throws Exception {
    try (Ring ring = Ring.open(RingOptions.forThisThread(4))) {
      FutureTask<Integer> enter = new FutureTask<>(() -> ring.submitAndWait(0));
      Thread.ofPlatform().start(enter);
      assertThat(enter.get()).isNegative();
      FutureTask<Void> close =
          new FutureTask<>(() -> {
            ring.close();
            return null;
          });
      Thread.ofPlatform().start(close);
      assertThatThrownBy(close::get).hasMessageContaining("by the thread that opened it");
      submitNops(ring, 0, 1);
      assertThat(ring.submitAndWait(1)).isEqualTo(1);
    }
  }

  @Test
  void anEntryThatTheKernelDidNotTakeCanBeTakenBack() throws LinuxException {
    try (Ring ring = Ring.open(RingOptions.forThisThread(1))) {
      submitNops(ring, 1, 1);
      ring.submissions().retract();
      assertThat(ring.submissions().pending()).isZero();
      submitNops(ring, 2, 1);
      assertThat(completeOne(ring, 2)).isZero();
    }
  }

  @Test
  void ringsBeyondTheSixteenIndexesOfAThreadWorkToo() throws LinuxException {
    Ring[] rings = new Ring[20];
    for (int i = 0; i < rings.length; i++) {
      rings[i] = Ring.open(RingOptions.forThisThread(4));
      submitNops(rings[i], i, 1);
    }
    for (int i = 0; i < rings.length; i++) {
      assertThat(completeOne(rings[i], i)).isZero();
      assertThat(rings[i].selfRegistered()).isEqualTo(i < 16);
      rings[i].close();
      rings[i].close();
    }
  }

  @Test
  void closingLeavesNoDescriptorAndNoMapping() throws Exception {
    Ring.open(RingOptions.forThisThread(4)).close();
    int descriptors = descriptors();
    long mappings = mappings();
    for (int i = 0; i < 50; i++) {
      Ring.open(RingOptions.forThisThread(4)).close();
    }
    assertThat(descriptors()).isEqualTo(descriptors);
    assertThat(mappings()).isEqualTo(mappings);
  }

  @Test
  @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void aRingThatIsClosedWithItsThreadHoldsItsFilesUntilThatEnds(@TempDir Path dir)
      throws Exception {
    Path now = Files.createFile(dir.resolve("now"));
    Path later = Files.createFile(dir.resolve("later"));
    FutureTask<Boolean> held =
        new FutureTask<>(() -> {
          ringThatLocks(later).closeWithThread();
          ringThatLocks(now).close();
          // The kernel closes a ring a little later, one after the other.
          awaitUnlocked(now);
          return isLocked(later);
        });
    Thread thread = Thread.ofPlatform().start(held);
    assertThat(held.get()).isTrue();
    thread.join();
    awaitUnlocked(later);
  }

  /** A ring, of which alone a file is locked. */
  private static Ring ringThatLocks(Path path) throws LinuxException {
    Ring ring = Ring.open(RingOptions.forThisThread(1));
    try (LinuxFile file = LinuxFile.open(path, LinuxFile.O_RDWR, 0)) {
      assertThat(file.tryLock(true)).isTrue();
      ring.registerFiles(file.fd());
    }
    return ring;
  }

  private static boolean isLocked(Path path) throws LinuxException {
    try (LinuxFile file = LinuxFile.open(path, LinuxFile.O_RDWR, 0)) {
      return !file.tryLock(true);
    }
  }

  private static void awaitUnlocked(Path path) throws Exception {
    while (isLocked(path)) {
      Thread.sleep(1);
    }
  }

  @Test
  void aRingThatIsClosedWithItsThreadLeavesNoDescriptorAndNoMapping() throws Exception {
    Ring.open(RingOptions.forThisThread(4)).close();
    int descriptors = descriptors();
    long mappings = mappings();
    FutureTask<Void> rings =
        new FutureTask<>(() -> {
          // More than a thread has indexes: the kernel cannot hold these for it.
          for (int i = 0; i < 20; i++) {
            Ring ring = Ring.open(RingOptions.forThisThread(4));
            ring.closeWithThread();
            ring.closeWithThread();
          }
          return null;
        });
    Thread.ofPlatform().start(rings);
    rings.get();
    assertThat(descriptors()).isEqualTo(descriptors);
    assertThat(mappings()).isEqualTo(mappings);
  }

  @Test
  void sizesOutsideTheKernelsLimitsAreRefused() {
    assertThatThrownBy(() -> RingOptions.forThisThread(0)).hasMessageContaining("1..32768");
    assertThatThrownBy(() -> new RingOptions(8, 4, false, true)).hasMessageContaining("8..65536");
  }

  @Test
  void millionsOfRequestsAllocateNoJavaObject() throws LinuxException {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long self = Thread.currentThread().threadId();
    try (Ring ring = Ring.open(RingOptions.forThisThread(64))) {
      int failures = batches(ring, 20_000);
      long allocated = Long.MAX_VALUE;
      // Where CPUs are busy late compilation spoils rounds; a request that allocates would spoil
      // every one.
      for (int round = 0; round < 50 && allocated >= 4096; round++) {
        long before = threads.getThreadAllocatedBytes(self);
        for (int i = 0; i < 20; i++) {
          failures += batches(ring, 1000);
        }
        allocated = threads.getThreadAllocatedBytes(self) - before;
      }
      assertThat(allocated).isLessThan(4096);
      assertThat(failures).isZero();
    }
  }

  // Sixty-four requests a batch.
  private static int batches(Ring ring, int count) {
    int failures = 0;
    for (int batch = 0; batch < count; batch++) {
      failures += batch(ring);
    }
    return failures;
  }

  private static int batch(Ring ring) {
    int failures = 0;
    SubmissionQueue queue = ring.submissions();
    CompletionQueue completions = ring.completions();
    for (long at = queue.next(); at != SubmissionQueue.FULL; at = queue.next()) {
      Sqe.nop(queue.memory(), at, 5);
    }
    failures += ring.submitAndWait(64) == 64 ? 0 : 1;
    int ready = completions.ready();
    for (int i = 0; i < ready; i++) {
      failures += completions.userData(i) == 5 && completions.result(i) == 0 ? 0 : 1;
    }
    completions.advance(ready);
    return failures + (ready == 64 ? 0 : 1);
  }

  private static void submitNops(Ring ring, long firstUserData, int count) {
    for (int i = 0; i < count; i++) {
      Sqe.nop(ring.submissions().memory(), ring.submissions().next(), firstUserData + i);
    }
  }

  private static int completeOne(Ring ring, long userData) {
    assertThat(ring.submitAndWait(1)).isEqualTo(1);
    assertThat(ring.completions().ready()).isEqualTo(1);
    assertThat(ring.completions().userData(0)).isEqualTo(userData);
    int result = ring.completions().result(0);
    ring.completions().advance(1);
    return result;
  }

  private static int descriptors() {
    String[] names = Path.of("/proc/self/fd").toFile().list();
    return names.length;
  }

  private static long mappings() throws Exception {
    return Files.readAllLines(Path.of("/proc/self/maps")).stream()
        .filter(line -> line.contains("io_uring"))
        .count();
  }
}
