package io.zublk.ublk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zublk.ublk.control.Departure;
import io.zublk.ublk.examples.RingBreaker;
import io.zublk.ublk.io.FakeDevice;
import io.zublk.ublk.io.Queues;
import io.zublk.ublk.io.Samples;
import io.zublk.uring.sys.Errnos;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How a device ends. The driver's side of it is in the guests' scenarios. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class UblkServerTest {

  private final List<String> events = new ArrayList<>();
  private final FakeDevice device = new FakeDevice();
  private final AtomicBoolean breaking = new AtomicBoolean();
  private Queues queues;

  private class FakeDeparture implements Departure {
    @Override
    public boolean whileServed(UblkDeviceInfo device) throws UblkException {
      events.add("stop " + device.id() + (serves() ? ", served" : ", not served"));
      return true;
    }

    @Override
    public void whenGivenBack(UblkDeviceInfo device) throws UblkException {
      // Served or not: until the last thread has given it back, the driver would wait.
      events.add("delete " + device.id() + (Samples.isOpen(queues) ? ", open" : ", closed"));
    }
  }

  private boolean serves() {
    return device.open.get() == 2;
  }

  @BeforeEach
  void serve() throws Exception {
    device.answer =
        () -> {
          if (breaking.compareAndSet(true, false)) {
            RingBreaker.breakRingOfThisThread();
          }
          return 0;
        };
    queues = Samples.servingQueues(device, 2);
  }

  @Test
  void itIsStoppedWhileServedAndDeletedWhenAllIsGivenBack() throws Exception {
    UblkServer.end(queues, new FakeDeparture());
    assertThat(events).containsExactly("stop 7, served", "delete 7, closed");
    assertThat(queues.failure()).isEmpty();
  }

  @Test
  void afterAFailureNobodyWaitsForRequestsThatNobodyServes() throws Exception {
    CountDownLatch failed = new CountDownLatch(1);
    queues.whenEnded(failed::countDown);
    breaking.set(true);
    failed.await();
    UblkServer.end(queues, new FakeDeparture());
    assertThat(events).containsExactly("delete 7, closed");
  }

  @Test
  void aStopThatWaitsForAThreadThatFailsComesToItsEnd() throws Exception {
    Departure waiting =
        new FakeDeparture() {
          @Override
          public boolean whileServed(UblkDeviceInfo device) throws UblkException {
            boolean stopped = super.whileServed(device);
            breaking.set(true);
            // As the driver does: what is in flight fails when the character device is closed.
            while (Samples.isOpen(queues)) {
              pause();
            }
            return stopped;
          }
        };
    UblkServer.end(queues, waiting);
    assertThat(events).containsExactly("stop 7, served", "delete 7, closed");
  }

  private static void pause() {
    try {
      TimeUnit.MILLISECONDS.sleep(1);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void aStopThatIsRefusedLeavesNoThreadWithoutItsMemory() {
    Departure refusing =
        new FakeDeparture() {
          @Override
          public boolean whileServed(UblkDeviceInfo device) throws UblkException {
            super.whileServed(device);
            throw new UblkException("refused", Errnos.EPERM);
          }
        };
    assertThatThrownBy(() -> UblkServer.end(queues, refusing)).hasMessage("refused");
    assertThat(events).containsExactly("stop 7, served", "delete 7, closed");
    assertThat(device.open).hasValue(0);
  }
}
