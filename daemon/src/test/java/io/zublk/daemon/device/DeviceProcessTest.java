package io.zublk.daemon.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zublk.block.BlockChannel;
import io.zublk.block.FailureListener;
import io.zublk.block.SampledDevice;
import io.zublk.daemon.Device;
import io.zublk.daemon.DeviceConfig;
import io.zublk.daemon.Devices;
import io.zublk.daemon.ReadyDevice;
import io.zublk.daemon.Samples;
import io.zublk.daemon.TransportKind;
import io.zublk.daemon.UserException;
import io.zublk.daemon.registry.DeviceDir;
import io.zublk.daemon.registry.DeviceRecord;
import io.zublk.daemon.registry.RunDir;
import io.zublk.daemon.transport.Assignment;
import io.zublk.daemon.transport.Transport;
import io.zublk.daemon.transport.TransportFactory;
import io.zublk.daemon.transport.Transports;
import io.zublk.store.PageStore;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The life of a device whose transport is in the test's hands. */
class DeviceProcessTest {

  private static final int ID = 4;

  @TempDir private Path temp;
  private final Thread.UncaughtExceptionHandler handler =
      Thread.getDefaultUncaughtExceptionHandler();
  private final FakeTransports transports = new FakeTransports();
  private Told told = new Told();
  private RunDir runDir;
  private DeviceProcess process;
  private CompletableFuture<Boolean> running;

  private static final class FakeTransport implements Transport {
    private final boolean closes;

    FakeTransport(boolean closes) {
      this.closes = closes;
    }

    @Override
    public String path() {
      return "fake://";
    }

    @Override
    public int streams() {
      return 1;
    }

    @Override
    public Map<String, Object> counters() {
      return Map.of();
    }

    @Override
    public Optional<String> resized() {
      return Optional.empty();
    }

    @Override
    public Optional<String> use() {
      return Optional.empty();
    }

    @Override
    public void close() throws IOException {
      if (!closes) {
        throw new IOException("a thread does not end");
      }
    }

    @Override
    public void handOver() throws IOException {
      close();
    }
  }

  private static final class FakeTransports extends Transports {
    private final FakeFactory factory = new FakeFactory();

    @Override
    public TransportFactory of(TransportKind kind) {
      return factory;
    }
  }

  private static final class FakeFactory implements TransportFactory {
    private FailureListener listener;
    private boolean endsWhileStarting;
    private boolean closes = true;
    private Runnable whenRecovered = () -> {};
    private String obstacleToRecovery;
    private Optional<String> obstacle = Optional.empty();
    private boolean abandoned;
    private PageStore store;

    @Override
    public Optional<String> obstacle() {
      return obstacle;
    }

    @Override
    public void noticeLimits(DeviceConfig config, Consumer<String> notices) {}

    @Override
    public Set<Integer> takenIds() {
      return Set.of();
    }

    @Override
    public Transport start(Assignment assignment) {
      try (BlockChannel channel = assignment.device().openChannel();
          Arena arena = Arena.ofConfined()) {
        MemorySegment page = arena.allocate(4096);
        page.fill((byte) 7);
        assertThat(channel.write(0, page, 0, 4096)).isZero();
      }
      listener = assignment.listener();
      if (endsWhileStarting) {
        listener.failed("it broke at once", new IllegalStateException("bad tag"));
      }
      store = (PageStore) ((SampledDevice) assignment.device()).device();
      return new FakeTransport(closes);
    }

    @Override
    public Transport recover(Assignment assignment) throws IOException {
      whenRecovered.run();
      if (obstacleToRecovery != null) {
        throw new IOException(obstacleToRecovery);
      }
      return start(assignment);
    }

    @Override
    public void abandon(DeviceConfig config, long identity) {
      abandoned = true;
    }

    @Override
    public Optional<String> useAfter(DeviceConfig config, long identity) {
      return Optional.empty();
    }

    @Override
    public void clearAfter(DeviceConfig config, long identity) {}
  }

  private static final class Told implements Reporter {
    private final CountDownLatch ready = new CountDownLatch(1);
    private Runnable whenAllIsReported = () -> {};
    private boolean isGone;
    private String failure;

    @Override
    public void notice(String line) {}

    @Override
    public void ready(ReadyDevice device) throws IOException {
      ready.countDown();
      if (isGone) {
        throw new IOException("Broken pipe");
      }
    }

    @Override
    public void nobodyListens(Path file) {
      whenAllIsReported.run();
    }

    @Override
    public void failed(String line, String trace) {
      failure = line;
    }
  }

  @BeforeEach
  void makeProcess() {
    runDir = new RunDir(temp.resolve("run"));
    process = DeviceProcess.creating(Samples.config(runDir.path(), ID, null), transports, told);
  }

  @AfterEach
  void leaveNothing() {
    // Else what is kept would keep its mount, too.
    new Devices(runDir.path()).all().forEach(device -> device.remove(false));
    Thread.setDefaultUncaughtExceptionHandler(handler);
  }

  private void serve() throws InterruptedException {
    running = CompletableFuture.supplyAsync(process::run);
    told.ready.await();
  }

  @Test
  void aTransportThatFailsLeavesTheDataTheLogAndTheReason() throws Exception {
    serve();
    DeviceDir dir = runDir.device(ID);
    Path store = Path.of(dir.record().orElseThrow().storeFile());
    transports.factory.listener.failed("a queue failed", new IllegalStateException("bad tag"));

    assertThat(running.join()).isFalse();
    assertThat(told.failure)
        .isEqualTo(
            "device 4 died: a queue failed; 'zublk recover 4' serves what it holds, 'zublk remove 4' drops it");
    assertThat(store).exists();
    assertThat(dir.log())
        .content()
        .containsOnlyOnce("the transport failed: IllegalStateException: bad tag\n")
        .containsOnlyOnce("\tat io.zublk.daemon.device.DeviceProcessTest.aTransportThatFails")
        .contains("stopping: a queue failed");
    assertThat(dir.isAlive()).isFalse();
    assertThat(dir.controlSocket()).doesNotExist();
    DeviceRecord record = dir.record().orElseThrow();
    assertThat(record.state()).isEqualTo(DeviceRecord.State.DEAD);
    assertThat(record.deathCause()).isEqualTo("a queue failed");
  }

  @Test
  void whoAsksADeadDeviceHearsWhyItDied() throws Exception {
    serve();
    Device device = new Devices(runDir.path()).find("4");
    transports.factory.listener.failed("a queue failed", new IllegalStateException("bad tag"));
    running.join();
    assertThatThrownBy(device::stat)
        .isInstanceOf(UserException.class)
        .hasMessage(
            "device 4 is dead: a queue failed; 'zublk recover 4' serves what it holds, 'zublk remove 4' drops it");
  }

  @Test
  void whatADeadDeviceHoldsStaysUntilItIsRemoved() throws Exception {
    serve();
    Path store = Path.of(runDir.device(ID).record().orElseThrow().storeFile());
    transports.factory.listener.failed("a queue failed", new IllegalStateException("bad tag"));
    running.join();

    new Devices(runDir.path()).clearUnfinished();
    assertThat(store).exists();
    new Devices(runDir.path()).find("4").remove(false);
    assertThat(store).doesNotExist();
    assertThat(runDir.device(ID).path()).doesNotExist();
  }

  @Test
  void whatADeadDeviceHoldsStaysAlsoIfItsProcessFailsBesides() {
    told.whenAllIsReported =
        () -> {
          transports.factory.listener.failed(
              "a queue failed", new IllegalStateException("bad tag"));
          throw new OutOfMemoryError("on purpose");
        };
    assertThat(process.run()).isFalse();
    DeviceRecord record = runDir.device(ID).record().orElseThrow();
    assertThat(record.state()).isEqualTo(DeviceRecord.State.DEAD);
    assertThat(record.deathCause()).isEqualTo("a queue failed");
    assertThat(Path.of(record.storeFile())).exists();
  }

  @Test
  void whatADeviceHoldsStaysIfItsProcessFailsWhileItServes() {
    told.whenAllIsReported =
        () -> {
          throw new OutOfMemoryError("on purpose");
        };
    assertThat(process.run()).isFalse();
    assertThat(told.failure).startsWith("device 4 died: OutOfMemoryError: on purpose");
    DeviceRecord record = runDir.device(ID).record().orElseThrow();
    assertThat(record.state()).isEqualTo(DeviceRecord.State.DEAD);
    assertThat(Path.of(record.storeFile())).exists();
  }

  @Test
  void anOrderlyEndLeavesNothingAlsoIfTheTransportFailsMeanwhile() throws Exception {
    serve();
    Path store = Path.of(runDir.device(ID).record().orElseThrow().storeFile());
    process.stop("removed");
    transports.factory.listener.failed("a queue failed", new IllegalStateException("bad tag"));

    assertThat(running.join()).isTrue();
    assertThat(store).doesNotExist();
    assertThat(runDir.path()).doesNotExist();
  }

  /** Reading unmapped memory would end the process, and with it what is left to clean up. */
  @Test
  void aThreadThatCannotBeEndedKeepsTheStoresMemory() throws Exception {
    transports.factory.closes = false;
    serve();
    process.stop("removed");
    assertThat(running.join()).isFalse();
    try (PageStore mapped = transports.factory.store) {
      assertThat(mapped.allocatedBytes()).isPositive();
    }
    assertThat(runDir.path()).doesNotExist();
  }

  /** The device is dead, and {@link #process} is to recover it. */
  private Path die() throws InterruptedException {
    serve();
    Path store = Path.of(runDir.device(ID).record().orElseThrow().storeFile());
    transports.factory.listener.failed("a queue failed", new IllegalStateException("bad tag"));
    running.join();
    told = new Told();
    process = DeviceProcess.recovering(Samples.config(runDir.path(), ID, null), transports, told);
    return store;
  }

  @Test
  void aDeadDeviceIsServedAgainUntilItIsRemoved() throws Exception {
    Path store = die();
    long identity = runDir.device(ID).record().orElseThrow().identity();
    serve();
    DeviceRecord record = runDir.device(ID).record().orElseThrow();
    assertThat(record.state()).isEqualTo(DeviceRecord.State.SERVING);
    assertThat(record.identity()).isEqualTo(identity);
    assertThat(record.recoveries()).isEqualTo(1);
    assertThat(record.deathCause()).isNull();
    assertThat(transports.factory.store.stats().origDataSize()).isEqualTo(4096);
    assertThat(runDir.device(ID).log()).content().contains("recovering it: a queue failed");
    process.stop("removed");
    assertThat(running.join()).isTrue();
    assertThat(store).doesNotExist();
    assertThat(runDir.device(ID).path()).doesNotExist();
  }

  @Test
  void aRecoveryThatFailsKeepsTheDataAndSaysWhy() throws Exception {
    Path store = die();
    transports.factory.obstacleToRecovery = "the port is in use";
    assertThat(process.run()).isFalse();
    assertThat(told.failure)
        .isEqualTo(
            "device 4 cannot be recovered: the port is in use; what it holds is kept until 'zublk remove 4'");
    assertThat(store).exists();
    DeviceDir dir = runDir.device(ID);
    assertThat(dir.isAlive()).isFalse();
    assertThat(dir.whyDead(dir.record().orElseThrow()))
        .isEqualTo("it cannot be recovered: the port is in use");
    dir.recoverable();
  }

  @Test
  void usersOfADeviceWhoseStoreIsGoneWaitNoLonger() throws Exception {
    Path store = die();
    Files.delete(store);
    assertThat(process.run()).isFalse();
    assertThat(told.failure)
        .startsWith("device 4 cannot be recovered: its store file " + store + " is gone, and its");
    assertThat(transports.factory.abandoned).isTrue();
  }

  @Test
  void whatCannotBeServedOnThisMachineIsKept() throws Exception {
    Path store = die();
    transports.factory.obstacle = Optional.of("this kernel has none");
    assertThat(process.run()).isFalse();
    assertThat(told.failure)
        .isEqualTo(
            "device 4 needs nbd, which cannot be had: this kernel has none; what it holds is kept");
    assertThat(store).exists();
    assertThat(transports.factory.abandoned).isFalse();
    runDir.device(ID).recoverable();
  }

  @Test
  void aRecoveryThatIsToldToEndDropsNothing() throws Exception {
    Path store = die();
    transports.factory.whenRecovered = () -> process.stop("signal");
    assertThat(process.run()).isFalse();
    assertThat(told.failure).contains("stopped while starting: signal", "is kept");
    assertThat(store).exists();
    runDir.device(ID).recoverable();
  }

  @Test
  void aRecoveredDeviceServesAlsoIfNobodyHearsOfIt() throws Exception {
    die();
    told.isGone = true;
    CountDownLatch announced = new CountDownLatch(1);
    told.whenAllIsReported = announced::countDown;
    serve();
    announced.await();
    assertThat(runDir.device(ID).isAlive()).isTrue();
    process.stop("removed");
    assertThat(running.join()).isTrue();
  }

  @Test
  void aTransportThatFailsWhileTheDeviceStartsFailsTheStart() {
    transports.factory.endsWhileStarting = true;
    assertThat(process.run()).isFalse();
    assertThat(told.failure).isEqualTo("stopped while starting: it broke at once");
    assertThat(Files.exists(runDir.path())).isFalse();
  }
}
