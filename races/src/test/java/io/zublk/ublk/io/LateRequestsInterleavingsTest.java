package io.zublk.ublk.io;

import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.races.Interleavings;
import io.zublk.races.Scenario;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** The steps by which late answers come from other threads to a queue thread. */
class LateRequestsInterleavingsTest {

  /** Two answers come while the queue thread takes what there is. */
  static final class AnswersWhileTaking implements Scenario {
    private final AtomicInteger calls = new AtomicInteger();
    private final LateRequests late = new LateRequests(3, calls::incrementAndGet);
    private final long[] tickets = new long[3];
    private final int[] answers = new int[3];
    private int taken;
    private int stacks;

    AnswersWhileTaking() {
      for (int tag = 0; tag < 3; tag++) {
        late.begin(tag);
        tickets[tag] = late.postpone();
      }
    }

    @Override
    public List<Work> threads() {
      long first = tickets[0];
      long second = tickets[1];
      long third = tickets[2];
      return List.of(
          () -> late.answer(first, -1),
          () -> {
            late.answer(second, -2);
            late.answer(third, -3);
          },
          this::take);
    }

    private void take() {
      int before = taken;
      late.takeAll((tag, answer) -> {
        assertThat(answers[tag]).isZero();
        answers[tag] = answer;
        taken++;
      });
      stacks += taken == before ? 0 : 1;
    }

    @Override
    public void check() {
      take();
      assertThat(answers).containsExactly(-1, -2, -3);
      assertThat(late.any()).isFalse();
      // Who had no call for a stack would sleep, and who had two would wake for nothing.
      assertThat(calls).hasValue(stacks);
    }
  }

  @Test
  void eachAnswerIsTakenOnceAndEachStackCalledForOnce() throws Exception {
    assertThat(
            Interleavings.explore(AnswersWhileTaking.class, Interleavings.ANY, LateRequests.class))
        .isGreaterThan(500);
  }

  /** One answers the request that the device withdraws, as it has thrown. */
  static final class AnswerAgainstWithdrawal implements Scenario {
    private final LateRequests late = new LateRequests(1, () -> {});
    private final long ticket;
    private boolean refused;
    private boolean answered;

    AnswerAgainstWithdrawal() {
      late.begin(0);
      ticket = late.postpone();
    }

    @Override
    public List<Work> threads() {
      return List.of(this::answer, () -> answered = late.isAnsweredBeforeWithdrawn());
    }

    private void answer() {
      try {
        late.answer(ticket, -5);
      } catch (IllegalStateException e) {
        refused = true;
      }
    }

    @Override
    public void check() {
      assertThat(answered).isNotEqualTo(refused);
      assertThat(late.any()).isEqualTo(answered);
      List<Integer> taken = new ArrayList<>();
      late.takeAll((tag, _) -> taken.add(tag));
      assertThat(taken).hasSize(answered ? 1 : 0);
    }
  }

  @Test
  void aTicketIsEitherAnsweredOrWithdrawn() throws Exception {
    assertThat(
            Interleavings.explore(
                AnswerAgainstWithdrawal.class, Interleavings.ANY, LateRequests.class))
        .isGreaterThan(1);
  }

  /** The end waits for two answers. */
  static final class TheEnd implements Scenario {
    private final LateRequests late = new LateRequests(2, () -> {});
    private final long first;
    private final long second;

    TheEnd() {
      late.begin(0);
      first = late.postpone();
      late.begin(1);
      second = late.postpone();
    }

    @Override
    public List<Work> threads() {
      return List.of(() -> late.answer(first, 0), () -> late.answer(second, 0), late::awaitAll);
    }

    @Override
    public void check() {
      assertThat(late.any()).isFalse();
      late.takeAll((tag, _) -> {
        throw new AssertionError("tag " + tag + " is left");
      });
    }
  }

  @Test
  void theEndWaitsForAll() throws Exception {
    assertThat(Interleavings.explore(TheEnd.class, 3, LateRequests.class)).isGreaterThan(20);
  }
}
