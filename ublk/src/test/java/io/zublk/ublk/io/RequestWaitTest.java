package io.zublk.ublk.io;

import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.block.Polling;
import io.zublk.block.ThreadCounters;
import io.zublk.ublk.UblkCounter;
import io.zublk.uring.sys.LinuxException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RequestWaitTest {

  private final ThreadCounters<UblkCounter> counters = new ThreadCounters<>(UblkCounter.class);
  private final FakeKernel kernel = new FakeKernel();

  /** A request comes at a given look, or while others run, or else only to who sleeps. */
  private static final class FakeKernel implements RequestWait.Kernel {
    private final List<String> calls = new ArrayList<>();
    private int comesAfterLooks;
    private boolean comesAfterYield;
    private int ready;
    private boolean pending;

    @Override
    public int ready() {
      return ready;
    }

    @Override
    public boolean workPending() {
      if (comesAfterLooks > 0 && --comesAfterLooks == 0) {
        pending = true;
      }
      return pending;
    }

    @Override
    public void enter(int minimum) throws LinuxException {
      calls.add("enter " + minimum);
      ready = pending ? Math.max(1, minimum) : minimum;
      pending = false;
    }

    @Override
    public void enter(int minimum, long nanos) throws LinuxException {
      calls.add("enter " + minimum + " for a while");
    }

    @Override
    public void yieldCpu() {
      calls.add("yield");
      pending = comesAfterYield;
    }
  }

  @Test
  void withoutPollingABatchCostsOneEntry() throws LinuxException {
    RequestWait wait = new RequestWait(counters, Polling.OFF);
    wait.forRequests(kernel, 0, false);
    assertThat(kernel.calls).containsExactly("enter 1");
    assertThat(counters.get(UblkCounter.POLLS)).isZero();
  }

  @Test
  void completionsThatAreNoRequestsAreWaitedForToo() throws LinuxException {
    new RequestWait(counters, Polling.OFF).forRequests(kernel, 1, false);
    assertThat(kernel.calls).containsExactly("enter 2");
  }

  @Test
  void whoHasMemoryToGiveBackSleepsForAWhileOnly() throws LinuxException {
    new RequestWait(counters, Polling.OFF).forRequests(kernel, 0, true);
    assertThat(kernel.calls).containsExactly("enter 1 for a while");
  }

  @Test
  void aPollEntersTheKernelOnlyWhenTheRingSaysThatItHasSomething() throws LinuxException {
    kernel.comesAfterLooks = 50;
    new RequestWait(counters, new Polling(true, 100, false)).forRequests(kernel, 0, false);
    assertThat(kernel.calls).containsExactly("enter 0", "enter 0");
    assertThat(counters.get(UblkCounter.POLLS)).isEqualTo(50);
    assertThat(counters.get(UblkCounter.POLL_COMPLETIONS)).isEqualTo(1);
    assertThat(counters.get(UblkCounter.POLL_FALLBACKS)).isZero();
  }

  @Test
  void atItsLimitAPollYieldsThenSleeps() throws LinuxException {
    new RequestWait(counters, new Polling(true, 100, false)).forRequests(kernel, 0, false);
    assertThat(kernel.calls).containsExactly("enter 0", "yield", "enter 1");
    assertThat(counters.get(UblkCounter.POLLS)).isEqualTo(101);
    assertThat(counters.get(UblkCounter.YIELDS)).isEqualTo(1);
    assertThat(counters.get(UblkCounter.POLL_FALLBACKS)).isEqualTo(1);
  }

  @Test
  void whatComesWhileOthersRunIsFoundWithoutSleeping() throws LinuxException {
    kernel.comesAfterYield = true;
    new RequestWait(counters, new Polling(true, 100, false)).forRequests(kernel, 0, false);
    assertThat(kernel.calls).containsExactly("enter 0", "yield", "enter 0");
    assertThat(counters.get(UblkCounter.POLL_COMPLETIONS)).isEqualTo(1);
  }

  @Test
  void pollingCanBeSwitchedWhileServing() throws LinuxException {
    RequestWait wait = new RequestWait(counters, Polling.OFF);
    wait.setPolling(new Polling(true, 10, true));
    wait.forRequests(kernel, 0, false);
    assertThat(kernel.calls).startsWith("enter 0");
    kernel.calls.clear();
    wait.setPolling(Polling.OFF);
    wait.forRequests(kernel, 0, false);
    assertThat(kernel.calls).doesNotContain("enter 0");
  }
}
