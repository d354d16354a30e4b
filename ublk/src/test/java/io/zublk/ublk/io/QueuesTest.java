package io.zublk.ublk.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zublk.block.BlockChannel;
import io.zublk.block.BlockDevice;
import io.zublk.block.Geometry;
import io.zublk.ublk.UblkException;
import io.zublk.ublk.examples.RingBreaker;
import io.zublk.uring.sys.Syscall;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Threads that serve, fail and end, with /dev/null for a driver that always has requests. */
@Timeout(value = 20, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
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
