package io.zublk.ublk.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zublk.block.ThreadCounters;
import io.zublk.ublk.UblkCounter;
import io.zublk.uring.Ring;
import io.zublk.uring.RingOptions;
import io.zublk.uring.Sqe;
import io.zublk.uring.SubmissionQueue;
import io.zublk.uring.sys.LinuxException;
import org.junit.jupiter.api.Test;

class QueueRingTest {

  private static final int NO_SUCH_FLAG = 1 << 7;

  @Test
  void theKernelHasTakenAllEvenIfItRefusedSome() throws LinuxException {
    ThreadCounters<UblkCounter> counters = new ThreadCounters<>(UblkCounter.class);
    try (Ring ring = Ring.open(RingOptions.forThisThread(8))) {
      SubmissionQueue submissions = ring.submissions();
      // The kernel stops after an entry that makes no sense to it.
      for (int i = 0; i < 4; i++) {
        Sqe.command(submissions.memory(), submissions.next(), NO_SUCH_FLAG, 0, 0, 0, 0, i);
      }
      new QueueRing(ring, true, counters).enter(4);
      assertThat(submissions.pending()).isZero();
      assertThat(ring.completions().ready()).isEqualTo(4);
      assertThat(counters.get(UblkCounter.ENTERS)).isEqualTo(4);
    }
  }

  @Test
  void aRingThatIsInterruptedByCompletionsIsRefused() throws Exception {
    QueueRing.requireDeferral(Ring.SETUP_SINGLE_ISSUER | Ring.SETUP_DEFER_TASKRUN);
    assertThatThrownBy(() -> QueueRing.requireDeferral(Ring.SETUP_COOP_TASKRUN))
        .hasMessageContaining("DEFER_TASKRUN");
  }

  @Test
  void aRingThatTheKernelCannotHoldUntilTheThreadEndsIsRefused() throws Exception {
    QueueRing.requireIndex(true);
    assertThatThrownBy(() -> QueueRing.requireIndex(false)).hasMessageContaining("index");
  }
}
