package io.zublk.daemon.registry;

import io.zublk.daemon.DeviceConfig;
import io.zublk.daemon.UserException;
import io.zublk.daemon.transport.IdTakenException;
import io.zublk.daemon.transport.TransportFactory;
import io.zublk.daemon.transport.Transports;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * What processes left behind that ended without stopping their devices: killed, crashed, or at the
 * end of their means.
 *
 * <p>A device that was serving keeps its store file, and so its data, until somebody removes it.
 * One that had not come that far is cleared away by whoever finds it. Nothing is touched but what
 * the dead process itself wrote down as its own.
 *
 * <p>Used under the run directory's lock, so no living process changes anything meanwhile.
 */
public final class StaleDevices {

  private final RunDir runDir;
  private final Transports transports;

  /**
   * Looks after a run directory.
   *
   * @param lock the lock on it, held as long as this object is used
   */
  public StaleDevices(RunDir runDir, Transports transports, RunDir.Lock lock) {
    this.runDir = runDir;
    this.transports = transports;
    lock.requireFor(runDir);
  }

  /** Finds the device directory for a new device: the one it asks for, or the lowest free id. */
  public DeviceDir freeDevice(DeviceConfig config, Consumer<String> notices) throws IOException {
    clearUnfinished();
    runDir.devices().forEach(device -> device.obscurity().ifPresent(notices));
    return config.id() == DeviceConfig.ANY_ID
        ? lowestFree(runDir, transports.of(config.transport()).takenIds(), notices)
        : asked(config);
  }

  /**
   * The directory of the lowest free id; it stays free only under the run directory's lock.
   *
   * @param taken ids that are taken outside of it
   */
  public static DeviceDir lowestFree(RunDir runDir, Set<Integer> taken, Consumer<String> notices)
      throws IOException {
    for (int id = 0; id <= DeviceConfig.MAX_ID; id++) {
      DeviceDir candidate = runDir.device(id);
      if (!candidate.exists() && !taken.contains(id)) {
        Optional<String> reason = StoreHome.nobodysFile(candidate);
        if (reason.isEmpty()) {
          return candidate;
        }
        notices.accept(reason.get());
      }
    }
    throw new UserException("all ids are taken");
  }

  private DeviceDir asked(DeviceConfig config) throws IOException {
    DeviceDir wanted = runDir.device(config.id());
    if (wanted.exists()) {
      wanted.obscurity().ifPresent(reason -> refuse(wanted, reason));
      if (wanted.isAlive()) {
        throw new UserException(
            "id %d is taken by a running device; choose another, or 'zublk remove %d'"
                .formatted(wanted.id(), wanted.id()));
      }
      throw new UserException(
          "id %d is taken by a dead device: 'zublk recover %d' serves what it holds, 'zublk remove %d' drops it"
              .formatted(wanted.id(), wanted.id(), wanted.id()));
    }
    StoreHome.nobodysFile(wanted).ifPresent(reason -> refuse(wanted, reason));
    if (transports.of(config.transport()).takenIds().contains(config.id())) {
      throw new UserException(IdTakenException.message(config.id()));
    }
    return wanted;
  }

  private static void refuse(DeviceDir wanted, String reason) {
    throw new UserException("id %d is taken; %s".formatted(wanted.id(), reason));
  }

  /** Clears away every device whose process died before it served, and a mount nobody needs. */
  public void clearUnfinished() throws IOException {
    StoreHome.release(runDir);
    for (DeviceDir device : runDir.devices()) {
      if (device.obscurity().isEmpty() && !device.isAlive() && !hasServed(device)) {
        clear(device);
      }
    }
  }

  private static boolean hasServed(DeviceDir device) {
    return device.record().filter(r -> r.state() != DeviceRecord.State.STARTING).isPresent();
  }

  /** Why what a dead device left should not be taken from its users now. */
  public Optional<String> use(DeviceDir device) throws IOException {
    Optional<DeviceRecord> record = device.record();
    if (record.isEmpty()) {
      return Optional.empty();
    }
    DeviceConfig config = record.get().config();
    return transports.of(config.transport()).useAfter(config, record.get().identity());
  }

  /**
   * Writes down that a dead device stays so; who uses it gets errors, and waits no longer.
   *
   * @throws UserException if it is not dead
   */
  public void abandon(DeviceDir device, String reason) throws IOException {
    DeviceRecord dead = device.recoverable();
    device.write(dead.dead(device.whyDead(dead) + "; " + reason));
    transports.of(dead.config().transport()).abandon(dead.config(), dead.identity());
  }

  /** Clears away what a dead device left, its data included. */
  public void clear(DeviceDir device) throws IOException {
    if (device.isAlive()) {
      throw new UserException("device " + device.id() + " is alive");
    }
    Optional<DeviceRecord> record = device.record();
    if (record.isPresent()) {
      clearRecorded(record.get());
    }
    device.delete();
    StoreHome.release(runDir);
  }

  private void clearRecorded(DeviceRecord record) throws IOException {
    TransportFactory transport = transports.of(record.config().transport());
    transport.clearAfter(record.config(), record.identity());
    StoreHome.deleteFileOf(runDir, record);
    Files.deleteIfExists(runDir.crashReport(Long.toString(record.pid())));
  }
}
