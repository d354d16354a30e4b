package io.zublk.daemon;

import io.zublk.daemon.command.Remove;
import io.zublk.daemon.machine.ProcFs;
import io.zublk.daemon.machine.ProcessId;
import io.zublk.daemon.registry.DeviceDir;
import io.zublk.daemon.registry.DeviceRecord;
import io.zublk.daemon.registry.RunDir;
import io.zublk.daemon.registry.StaleDevices;
import io.zublk.daemon.transport.Transports;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * The removal of a device: its process is asked to stop, and killed if it must be; what a dead one
 * left is cleared away. Meanwhile somebody may recover the device, or it may be handed over: then
 * it is removed from its next process.
 */
final class Removal {

  /** The in-flight requests of a device end within seconds; closing a device node may take more. */
  private static final Duration STOP_LIMIT = Duration.ofSeconds(60);

  /** How long a process that was asked twice to stop gets before it is killed. */
  private static final Duration TERM_LIMIT = Duration.ofSeconds(10);

  private static final Duration POLL_INTERVAL = Duration.ofMillis(5);

  /** Who uses the device is looked up in all of /proc each time. */
  private static final Duration BUSY_POLL_INTERVAL = Duration.ofMillis(100);

  private final DeviceDir dir;
  private final Transports transports;
  private final Duration stopLimit;

  /** As it was when it was last looked at. */
  private Device device;

  Removal(Device device, DeviceDir dir, Transports transports) {
    this(device, dir, transports, STOP_LIMIT);
  }

  Removal(Device device, DeviceDir dir, Transports transports, Duration stopLimit) {
    this.device = device;
    this.dir = dir;
    this.transports = transports;
    this.stopLimit = stopLimit;
  }

  /** Removes the device as {@link Device#removeWhenFree} says. */
  void whenFree(Duration limit, Consumer<String> notices) {
    long end = System.nanoTime() + limit.toNanos();
    boolean isTold = false;
    while (true) {
      try {
        run(false);
        return;
      } catch (DeviceBusyException e) {
        if (System.nanoTime() - end >= 0) {
          throw isTold
              ? new DeviceBusyException(
                  "after %d ms: %s".formatted(limit.toMillis(), e.getMessage()))
              : e;
        }
        if (!isTold) {
          isTold = true;
          notices.accept("waiting: " + e.getMessage());
        }
        Device.pause(BUSY_POLL_INTERVAL);
      }
    }
  }

  /** Removes the device as {@link Device#remove} says. */
  void run(boolean force) {
    try {
      do {
        if (!force) {
          awaitRecovery();
        }
        stopOrClear(force);
      } while (hasBeenRecovered());
    } catch (IOException e) {
      throw new UserException(
          "device %d cannot be removed: %s".formatted(device.id(), UserException.lineFor(e)), e);
    }
  }

  private void stopOrClear(boolean force) throws IOException {
    if (device.isAlive()) {
      stop(force);
    } else {
      clear(force);
      if (!dir.exists()) {
        boolean _ = await(stopLimit, device.record()::isKept); // by a keeper who finds nothing
      }
    }
  }

  /** Who is just recovering it answers nobody meanwhile. */
  private void awaitRecovery() {
    long deadline = System.nanoTime() + DeviceLauncher.START_LIMIT.toNanos();
    while (isBeingRecovered() && System.nanoTime() < deadline) {
      Device.pause(POLL_INTERVAL);
      device = device.now();
    }
  }

  /** A process that has the device's lock may not have written yet that it has it. */
  private boolean isBeingRecovered() {
    return device.isAlive()
        && (device.record().state() == DeviceRecord.State.RECOVERING || !isProcessRunning());
  }

  /** Whether it was recovered or handed over while it was removed, so that it is there still. */
  private boolean hasBeenRecovered() {
    long removed = device.record().identity();
    Optional<DeviceRecord> now = dir.record().filter(latest -> latest.identity() == removed);
    if (now.isEmpty() || !dir.isAlive()) {
      return false;
    }
    device = new Device(dir, now.get(), transports);
    return true;
  }

  private void stop(boolean force) throws IOException {
    try {
      Map<String, Object> _ = device.ask(Remove.NAME, Map.of(Remove.FORCE, force));
    } catch (NoAnswerException e) {
      if (!force) {
        throw new UserException(e.getMessage() + "; --force ends its process", e);
      }
      endProcess();
    }
    if (!awaitEnd(stopLimit)) {
      if (!force) {
        throw hasNotStopped("; --force ends its process");
      }
      endProcess(); // it has answered, and stands still since
      if (!awaitEnd(stopLimit)) {
        throw hasNotStopped("");
      }
    }
    if (dir.exists()) {
      clear(force); // what a killed process left
    }
  }

  private UserException hasNotStopped(String hint) {
    return new UserException(
        "device %d has not stopped within %d s; its process is %d%s"
            .formatted(device.id(), stopLimit.toSeconds(), device.pid(), hint));
  }

  /**
   * Whether the process, and its keeper, ended within {@code limit}: only then has it put
   * everything away.
   */
  private boolean awaitEnd(Duration limit) {
    return await(limit, () -> isProcessRunning() || device.record().isKept());
  }

  private static boolean await(Duration limit, BooleanSupplier isThere) {
    long deadline = System.nanoTime() + limit.toNanos();
    while (isThere.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        return false;
      }
      Device.pause(POLL_INTERVAL);
    }
    return true;
  }

  private void endProcess() {
    DeviceRecord record = device.record();
    if (record.isKept()) { // first, or it would have the device recovered
      ProcessHandle.of(record.keeper().pid()).ifPresent(ProcessHandle::destroyForcibly);
    }
    dir.standby()
        .map(ProcessId::pid)
        .flatMap(ProcessHandle::of)
        .ifPresent(ProcessHandle::destroyForcibly);
    if (isProcessRunning()) {
      ProcessHandle.of(record.pid()).ifPresent(ProcessHandle::destroy);
    }
    if (!awaitEnd(TERM_LIMIT)) {
      ProcessHandle.of(record.pid()).ifPresent(ProcessHandle::destroyForcibly);
    }
  }

  private boolean isProcessRunning() {
    return ProcFs.isRunning(device.pid(), device.record().startTicks());
  }

  private void clear(boolean force) throws IOException {
    RunDir runDir = dir.runDir();
    try (RunDir.Lock lock = runDir.lock()) {
      // Another process may have been quicker, even to make a new device of this id.
      if (dir.exists() && !dir.isAliveOnceEnded()) {
        StaleDevices stale = new StaleDevices(runDir, transports, lock);
        if (!force) {
          requireUnused(stale);
        }
        stale.clear(dir);
      }
    }
  }

  /** They cannot end that by themselves: what they would write waits for somebody who serves it. */
  private void requireUnused(StaleDevices stale) throws IOException {
    Optional<String> use = stale.use(dir);
    if (use.isPresent()) {
      throw new DeviceBusyException(
          ("%s, and its users wait: 'zublk recover %d' serves it again; --force drops what is on"
                  + " it, and they get errors")
              .formatted(use.get(), device.id()));
    }
  }
}
