package io.zublk.ublk.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zublk.block.Errno;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LateRequestsTest {

  private final AtomicInteger calls = new AtomicInteger();
  private final LateRequests late = new LateRequests(4, calls::incrementAndGet);

  private long postpone(int tag) {
    late.begin(tag);
    assertThat(late.isPostponed()).isFalse();
    long ticket = late.postpone();
    assertThat(late.isPostponed()).isTrue();
    return ticket;
  }

  private List<String> taken() {
    List<String> taken = new ArrayList<>();
    late.takeAll((tag, answer) -> taken.add(tag + ": " + answer));
    return taken;
  }

  @Test
  void answersComeWithTheirTagsAndTheFirstOneCalls() {
    long first = postpone(3);
    long second = postpone(0);
    assertThat(taken()).isEmpty();
    late.answer(second, 0);
    late.answer(first, -Errno.EIO);
    assertThat(calls).hasValue(1);
    assertThat(late.any()).isTrue();
    assertThat(taken()).containsExactlyInAnyOrder("0: 0", "3: -5");
    assertThat(late.any()).isFalse();
  }

  @Test
  void aTagMayBeLateAgain() {
    for (int i = 1; i <= 3; i++) {
      late.answer(postpone(2), -i);
      assertThat(taken()).containsExactly("2: " + -i);
      assertThat(calls).hasValue(i);
    }
  }

  @Test
  void anAnswerThatNobodyWaitsForIsAFaultOfWhoGivesIt() {
    long old = postpone(1);
    late.answer(old, 0);
    assertThatThrownBy(() -> late.answer(old, 0)).isInstanceOf(IllegalStateException.class);
    assertThat(taken()).hasSize(1);
    long current = postpone(1);
    for (long ticket : new long[] {old, 0, -1, current + 1, 0xffff}) {
      assertThatThrownBy(() -> late.answer(ticket, 0))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("ticket " + ticket);
    }
    assertThat(taken()).isEmpty();
    late.answer(current, 0);
    assertThat(taken()).containsExactly("1: 0");
  }

  @Test
  void anAnswerThatNoOperationHasIsEio() {
    late.answer(postpone(1), 4096);
    assertThat(taken()).containsExactly("1: " + -Errno.EIO);
    assertThat(late.any()).isFalse();
  }

  @Test
  void whereOneCannotGoOnTheOthersTakenWithItAreLateNoMore() {
    for (int tag = 0; tag < 3; tag++) {
      late.answer(postpone(tag), 0);
    }
    long open = postpone(3);
    List<Integer> taken = new ArrayList<>();
    assertThatThrownBy(() ->
            late.takeAll((tag, _) -> {
              taken.add(tag);
              throw new IOException("the ring failed");
            }))
        .isInstanceOf(IOException.class);
    assertThat(taken).hasSize(1);
    assertThat(late.any()).isTrue();
    late.answer(open, 0);
    assertThat(taken()).containsExactly("3: 0");
    late.awaitAll();
  }

  @Test
  void anOperationIsPostponedOnce() {
    long _ = postpone(1);
    assertThatThrownBy(late::postpone).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void aTicketThatIsWithdrawnIsVoid() {
    late.begin(2);
    assertThat(late.isAnsweredBeforeWithdrawn()).isFalse();
    long ticket = postpone(2);
    assertThat(late.isAnsweredBeforeWithdrawn()).isFalse();
    assertThat(late.any()).isFalse();
    assertThatThrownBy(() -> late.answer(ticket, 0)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void anAnswerThatCameBeforeCannotBeWithdrawn() {
    late.answer(postpone(2), 0);
    assertThat(late.isAnsweredBeforeWithdrawn()).isTrue();
    assertThat(taken()).containsExactly("2: 0");
  }

  @Test
  void theEndWaitsForAllAnswersWhateverInterrupts() throws InterruptedException {
    List<Long> tickets = new ArrayList<>();
    AtomicInteger open = new AtomicInteger(2);
    Thread waiting = Thread.currentThread();
    LateRequests requests = new LateRequests(2, () -> LockSupport.unpark(waiting));
    for (int tag = 0; tag < 2; tag++) {
      requests.begin(tag);
      tickets.add(requests.postpone());
    }
    Thread answering =
        Thread.ofPlatform()
            .start(() -> {
              for (long ticket : tickets) {
                waiting.interrupt();
                open.decrementAndGet();
                requests.answer(ticket, 0);
              }
            });
    requests.awaitAll();
    assertThat(open).hasValue(0);
    assertThat(requests.any()).isFalse();
    boolean _ = Thread.interrupted();
    answering.join();
  }
}
