package io.zublk.ublk.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zublk.block.BlockChannel;
import io.zublk.block.BlockDevice;
import io.zublk.block.Geometry;
import io.zublk.block.LateAnswers;
import io.zublk.ublk.UblkCounter;
import io.zublk.ublk.UblkException;
import io.zublk.ublk.UblkStatistics;
import io.zublk.ublk.UblkThread;
import io.zublk.ublk.examples.RingBreaker;
import io.zublk.uring.sys.CpuList;
import io.zublk.uring.sys.Syscall;
import io.zublk.uring.sys.Tasks;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Threads that serve, fail and end, with /dev/null for a driver that always has requests. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class QueuesTest {

  private static final BitSet ALL_CPUS = BitSet.valueOf(new long[] {-1L});
  private static final BitSet NO_SUCH_CPU = BitSet.valueOf(new long[] {0, 0, 0, 1});

  // How a thread that has one ring names it.
  private static final int FIRST_INDEX = 0;
  private static final int ENTER_REGISTERED_RING = 1 << 4;

  private final FakeDevice device = new FakeDevice();

  /** Two queues of one thread each; both serve when this returns. */
  private Queues serving() throws Exception {
    return Samples.servingQueues(device, 2);
  }

  private static void assertGivenBack(Queues queues) {
    assertThat(Samples.isOpen(queues)).isFalse();
    assertThat(Thread.getAllStackTraces().keySet())
        .noneMatch(thread -> thread.getName().startsWith("ublk7-"));
  }

  private void breakAThread() {
    CountDownLatch once = new CountDownLatch(1);
    device.answer =
        () -> {
          synchronized (once) {
            if (once.getCount() > 0) {
              once.countDown();
              RingBreaker.breakRingOfThisThread();
            }
          }
          return 0;
        };
  }

  @Test
  void threadsServeUntilTheyAreClosed() throws Exception {
    CountDownLatch served = new CountDownLatch(10_000);
    device.answer =
        () -> {
          served.countDown();
          return 0;
        };
    Queues queues = serving();
    served.await();
    queues.close();
    assertThat(queues.failure()).isEmpty();
    assertThat(device.open).hasValue(0);
    assertGivenBack(queues);
    queues.close();
  }

  @Test
  void aThreadThatFailsEndsTheOthersAndSaysWhy() throws Exception {
    breakAThread();
    Queues queues = serving();
    CountDownLatch told = new CountDownLatch(1);
    queues.whenEnded(told::countDown);
    told.await();
    assertThat(queues.failure())
        .hasValueSatisfying(failure ->
            assertThat(failure)
                .hasMessageStartingWith("a queue of /dev/ublkb7 failed: ")
                .hasMessageContaining("io_uring_enter"));
    // Without anybody's close: a command that waits for the requests in flight could not call it.
    queues.awaitThreads();
    assertGivenBack(queues);
    assertThat(device.open).hasValue(0);
    queues.close();
  }

  /** Has other threads answer all requests. */
  private void answerBy(ExecutorService others) {
    device.answer =
        () -> {
          LateAnswers answers = device.answers();
          long ticket = answers.postpone();
          others.execute(() -> answers.answer(ticket, 0));
          return BlockChannel.LATE;
        };
  }

  @Test
  void lateAnswersBringTheNextRequests() throws Exception {
    try (ExecutorService others = Executors.newFixedThreadPool(2)) {
      answerBy(others);
      Queues queues = serving();
      while (UblkStatistics.sum(queues.statistics()).get(UblkCounter.READ_BYTES) < 10_000L << 12) {
        Thread.sleep(1);
      }
      queues.close();
      assertThat(queues.failure()).isEmpty();
      assertThat(device.open).hasValue(0);
      assertGivenBack(queues);
    }
  }

  /** Has all requests wait; returns what answers them. */
  private BlockingQueue<Runnable> keepWaiting() {
    BlockingQueue<Runnable> answers = new LinkedBlockingQueue<>();
    device.answer =
        () -> {
          LateAnswers late = device.answers();
          long ticket = late.postpone();
          answers.add(() -> late.answer(ticket, 0));
          return BlockChannel.LATE;
        };
    return answers;
  }

  @Test
  void theEndWaitsForWhatTheDeviceStillDoesToTheBuffers() throws Exception {
    BlockingQueue<Runnable> answers = keepWaiting();
    Queues queues = serving();
    List<Runnable> all = new ArrayList<>();
    for (int i = 0; i < 2 * Samples.DEPTH; i++) {
      all.add(answers.take());
    }
    Thread closing = Thread.ofPlatform().start(queues::close);
    while (!queues.isEnding()) {
      Thread.sleep(1); // else an answer would bring the next request
    }
    for (Runnable answer : all) {
      assertThat(closing.isAlive()).isTrue();
      assertThat(Samples.isOpen(queues)).isTrue();
      assertThat(queues.bufferBytes()).isPositive();
      answer.run();
    }
    closing.join();
    assertThat(device.open).hasValue(0);
    assertGivenBack(queues);
  }

  @Test
  void aFailureIsToldBeforeWhatIsLateIsAnswered() throws Exception {
    BlockingQueue<Runnable> answers = keepWaiting();
    Queues queues = Samples.endlessQueues(device);
    Samples.addQueue(queues, ALL_CPUS);
    CountDownLatch told = new CountDownLatch(1);
    queues.whenEnded(told::countDown);
    IntSupplier late = device.answer;
    AtomicInteger requests = new AtomicInteger();
    device.answer =
        () -> {
          if (requests.incrementAndGet() == Samples.DEPTH) {
            RingBreaker.breakRingOfThisThread();
          }
          return late.getAsInt();
        };
    queues.start();
    told.await();
    assertThat(queues.failure()).isPresent();
    assertThat(Samples.isOpen(queues)).isTrue();
    for (int i = 0; i < Samples.DEPTH; i++) {
      answers.take().run();
    }
    queues.awaitThreads();
    assertGivenBack(queues);
    queues.close();
  }

  @Test
  void theKernelHoldsTheRingOfAThreadUntilThatEnds() throws Exception {
    List<Long> entered = new CopyOnWriteArrayList<>();
    device.closing =
        () ->
            entered.add(
                Syscall.call(
                    Syscall.IO_URING_ENTER, FIRST_INDEX, 0, 0, ENTER_REGISTERED_RING, 0, 0));
    Queues queues = serving();
    queues.close();
    assertThat(entered).containsExactly(0L, 0L);
  }

  @Test
  void whatADeviceThrowsEndsNoThread() throws Exception {
    CountDownLatch thrown = new CountDownLatch(1000);
    device.answer =
        () -> {
          thrown.countDown();
          throw new AssertionError("a bug");
        };
    Queues queues = serving();
    thrown.await();
    assertThat(queues.failure()).isEmpty();
    queues.close();
  }

  @Test
  void aThreadThatCannotStartFailsTheStart() throws Exception {
    Queues queues = Samples.endlessQueues(device);
    Samples.addQueue(queues, ALL_CPUS);
    Samples.addQueue(queues, NO_SUCH_CPU);
    assertThatThrownBy(queues::start)
        .isInstanceOf(UblkException.class)
        .hasMessageStartingWith("a queue of ublk device 7 did not start: sched_setaffinity");
    queues.close();
    assertThat(device.open).hasValue(0);
    assertGivenBack(queues);
  }

  @Test
  void threadsThatServeMoveToOtherCpus() throws Exception {
    BitSet allowed = Tasks.affinity();
    BitSet last = new BitSet();
    last.set(allowed.length() - 1);
    Queues queues = serving();
    assertThat(cpusOf("ublk7-q0")).isEqualTo(allowed);
    queues.setAffinity(List.of(last, allowed));
    assertThat(cpusOf("ublk7-q0")).isEqualTo(last);
    assertThat(cpusOf("ublk7-q1")).isEqualTo(allowed);
    assertThat(queues.threads()).extracting(UblkThread::cpus).containsExactly(last, allowed);
    assertThatThrownBy(() -> queues.setAffinity(List.of(NO_SUCH_CPU, allowed)))
        .hasMessageStartingWith("sched_setaffinity");
    assertThat(cpusOf("ublk7-q0")).isEqualTo(last);
    queues.close();
    assertGivenBack(queues);
  }

  /** By the kernel's word about a thread of this process. */
  private static BitSet cpusOf(String thread) throws IOException {
    try (DirectoryStream<Path> tasks = Files.newDirectoryStream(Path.of("/proc/self/task"))) {
      for (Path task : tasks) {
        if (Files.readString(task.resolve("comm")).strip().equals(thread)) {
          return Files.readAllLines(task.resolve("status")).stream()
              .filter(line -> line.startsWith("Cpus_allowed_list:"))
              .map(line -> CpuList.parse(line.split(":", -1)[1]))
              .findFirst()
              .orElseThrow();
        }
      }
    }
    throw new AssertionError("there is no thread " + thread);
  }

  // Who dies then leaves a device that a driver before Linux 6.15 does not survive the recovery of.
  @Test
  void noQueueHasLentAllItsTagsUntilEachHasLentMost() throws Exception {
    CountDownLatch slow = new CountDownLatch(1);
    BlockDevice firstIsQuick =
        new BlockDevice() {
          @Override
          public Geometry geometry() {
            return device.geometry();
          }

          @Override
          public BlockChannel openChannel() {
            if (Thread.currentThread().getName().equals("ublk7-q1")) {
              awaitQuietly(slow);
            }
            return device.openChannel();
          }
        };
    Queues queues = Samples.endlessQueues(firstIsQuick);
    Samples.addQueue(queues, ALL_CPUS);
    Samples.addQueue(queues, ALL_CPUS);
    FutureTask<Void> starting =
        new FutureTask<>(() -> {
          queues.start();
          return null;
        });
    Thread.ofPlatform().start(starting);
    while (!isIn("ublk7-q0", "awaitOthers")) {
      assertThat(isIn("ublk7-q0", "awaitBegin")).isFalse();
      Thread.sleep(1);
    }
    slow.countDown();
    starting.get();
    queues.close();
    assertGivenBack(queues);
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static boolean isIn(String thread, String method) {
    return Thread.getAllStackTraces().entrySet().stream()
        .filter(entry -> entry.getKey().getName().equals(thread))
        .flatMap(entry -> Stream.of(entry.getValue()))
        .anyMatch(frame -> frame.getMethodName().equals(method));
  }

  @Test
  void aDeviceThatHasNoChannelFailsTheStart() throws Exception {
    BlockDevice broken =
        new BlockDevice() {
          @Override
          public Geometry geometry() {
            return device.geometry();
          }

          @Override
          public BlockChannel openChannel() {
            throw new OutOfMemoryError("no room for a channel");
          }
        };
    Queues queues = Samples.endlessQueues(broken);
    Samples.addQueue(queues, ALL_CPUS);
    assertThatThrownBy(queues::start).hasMessageContaining("no room for a channel");
    queues.close();
    assertGivenBack(queues);
  }

  @Test
  void queuesThatNeverStartedAreGivenBack() throws Exception {
    Queues queues = Samples.endlessQueues(device);
    Samples.addQueue(queues, ALL_CPUS);
    queues.close();
    assertGivenBack(queues);
  }
}
