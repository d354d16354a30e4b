package io.zublk.ublk.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zublk.block.ThreadCounters;
import io.zublk.ublk.UblkCounter;
import io.zublk.uring.RingOptions;
import io.zublk.uring.sys.Errnos;
import io.zublk.uring.sys.LinuxException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class BellTest {

  private static QueueRing ring() throws LinuxException {
    return QueueRing.open(
        RingOptions.forThisThread(1), false, new ThreadCounters<>(UblkCounter.class));
  }

  private static void assertHeard(QueueRing ring) throws LinuxException {
    ring.enter(1);
    assertThat(ring.ready()).isOne();
    assertThat(ring.completions().userData(0)).isEqualTo(Bell.RUNG);
    Bell.requireRung(ring.completions().result(0));
    ring.completions().advance(1);
  }

  @Test
  void whoListensIsCalledAgainAndAgain() throws Exception {
    try (Bell bell = Bell.open();
        QueueRing ring = ring()) {
      for (int i = 0; i < 3; i++) {
        bell.listen(ring);
        ring.enter(0);
        assertThat(ring.ready()).isZero();
        Thread ringing = Thread.ofPlatform().start(bell::ring);
        assertHeard(ring);
        ringing.join();
      }
    }
  }

  @Test
  void whoComesLateIsCalledOnceForAll() throws LinuxException {
    try (Bell bell = Bell.open();
        QueueRing ring = ring()) {
      bell.ring();
      bell.ring();
      bell.listen(ring);
      assertHeard(ring);
      bell.listen(ring);
      ring.enter(0);
      assertThat(ring.ready()).isZero();
    }
  }

  @Test
  void aClosedBellIsSilent() throws LinuxException {
    Bell bell = Bell.open();
    bell.close();
    bell.ring();
    bell.close();
  }

  @Test
  void anyOtherCompletionIsAFailure() {
    assertThatThrownBy(() -> Bell.requireRung(-Errnos.EAGAIN)).hasMessageContaining("EAGAIN");
    assertThatThrownBy(() -> Bell.requireRung(4)).hasMessageContaining("unexpected 4");
  }
}
