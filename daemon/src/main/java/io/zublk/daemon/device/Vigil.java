package io.zublk.daemon.device;

import io.zublk.codec.LineVectors;
import io.zublk.daemon.DeviceConfig;
import io.zublk.daemon.Json;
import io.zublk.daemon.UserException;
import io.zublk.daemon.machine.ProcessId;
import io.zublk.daemon.machine.SwapProtections;
import io.zublk.daemon.registry.DeviceDir;
import io.zublk.daemon.registry.DeviceRecord;
import io.zublk.daemon.registry.Keepers;
import io.zublk.daemon.registry.RunDir;
import io.zublk.daemon.registry.StoreHome;
import io.zublk.daemon.transport.Transports;
import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.LinuxFile;
import io.zublk.uring.sys.PollSet;
import io.zublk.uring.sys.Processes;
import java.io.IOException;
import java.nio.file.Path;

/**
 * A standby's time before its device is its own: it makes itself quick, and waits for the death of
 * the process that serves. It touches nothing of the device meanwhile, and holds no lock of it.
 */
final class Vigil {

  /** How soon it notices that it is to end. The other's end it notices at once. */
  private static final int SLICE_MILLIS = 100;

  private final DeviceDir dir;
  private final Transports transports;
  private final StopRequest stop;

  /**
   * Prepares to wait.
   *
   * @param stop ends it
   */
  Vigil(DeviceDir dir, Transports transports, StopRequest stop) {
    this.dir = dir;
    this.transports = transports;
    this.stop = stop;
  }

  /**
   * Returns when the device's process is dead.
   *
   * @throws UserException if the device is gone, or is another keeper's
   */
  void keep() throws IOException {
    DeviceConfig config = own().config();
    rehearse(config);
    if (config.swap()) {
      // From the other's death until this one serves, nothing that was swapped out can be had.
      SwapProtections.enter();
      SwapProtections.complete();
    }
    dir.tellOfStandby(ProcessId.own());
    try {
      ProcessId server = server();
      while (server.isRunning()) {
        awaitEnd(server);
        server = server();
      }
    } finally {
      dir.forgetStandby();
    }
  }

  private void rehearse(DeviceConfig config) throws IOException {
    new Rehearsal(dir, transports.of(config.transport())).run(config);
    look();
    if (config.storeOptions().packing().lineFirst()) {
      boolean _ = LineVectors.train();
    }
  }

  /** What the steps to come look at, for the code that does. */
  private void look() throws IOException {
    DeviceRecord record = own();
    String _ = dir.whyDead(record) + Json.line(record);
    Path store = Path.of(record.storeFile());
    try (RunDir.Lock _ = dir.runDir().lock()) {
      String _ = StoreHome.memoryOf(dir.runDir(), store);
    }
  }

  private ProcessId server() {
    DeviceRecord record = own();
    return new ProcessId(record.pid(), record.startTicks());
  }

  /** After an upgrade the device has another keeper, and a standby of that one. */
  private DeviceRecord own() {
    return dir.record()
        .filter(record -> record.keeper() != null)
        .filter(record -> Keepers.own().filter(record.keeper()::equals).isPresent())
        .orElseThrow(() -> new UserException("the device is gone, or another keeper's"));
  }

  private void awaitEnd(ProcessId process) {
    try (LinuxFile opened = Processes.open(process.pid())) {
      PollSet end = new PollSet(opened.fd());
      // Looked at once it is open, for the number might be another's by then.
      while (process.isRunning() && end.await(SLICE_MILLIS) <= 0) {
        stop.throwIfRequested();
      }
    } catch (LinuxException e) {
      if (process.isRunning()) {
        throw new UserException("cannot wait for process %d: %s".formatted(process.pid(), e), e);
      }
    }
  }
}
