package io.zublk.daemon;

import io.zublk.daemon.registry.DeviceDir;
import io.zublk.daemon.registry.RunDir;
import io.zublk.daemon.registry.StaleDevices;
import io.zublk.daemon.registry.UnreadableRecordException;
import io.zublk.daemon.transport.Transports;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The devices of a run directory, of whatever process. */
public final class Devices {

  private final RunDir runDir;

  private Devices(RunDir runDir) {
    this.runDir = runDir;
  }

  /** Those of a run directory, which need not be there. */
  public Devices(Path runDir) {
    this(new RunDir(runDir));
  }

  /**
   * Those that this user's commands mean: of $ZUBLK_RUN_DIR, else {@code /run/zublk} for root, else
   * {@code $XDG_RUNTIME_DIR/zublk}, else {@code /tmp/zublk-UID}.
   */
  public static Devices ofEnvironment() {
    return new Devices(RunDir.ofEnvironment());
  }

  /** The dead device of this id, if it can be tried to take it into service again. */
  public Optional<Device> recoverable(int id) {
    return all().stream().filter(device -> device.id() == id && device.hasDied()).findFirst();
  }

  /** The run directory, absolute and without links as far as it exists. */
  public Path runDir() {
    return runDir.path();
  }

  /** All that have written down what they are, by id: serving, starting and dead ones. */
  public List<Device> all() {
    return runDir.devices().stream().flatMap(dir -> readable(dir).stream()).toList();
  }

  private static Optional<Device> readable(DeviceDir dir) {
    try {
      return dir.record().map(record -> new Device(dir, record));
    } catch (UnreadableRecordException e) {
      return Optional.empty();
    }
  }

  /**
   * Says, a line each, which ids are taken by what is no device that {@link #all} could tell of,
   * and is left alone.
   */
  public List<String> obscure() {
    if (lines().isEmpty()) {
      return List.of();
    }
    // A process that is just starting has a lock before it has a record, but both under this lock.
    try (RunDir.Lock _ = runDir.lock()) {
      return lines();
    }
  }

  private List<String> lines() {
    return runDir.devices().stream().flatMap(dir -> dir.obscurity().stream()).toList();
  }

  /**
   * Finds a device by its id, path or URI.
   *
   * @throws UserException if there is none in this run directory
   */
  public Device find(String name) {
    return find(name, "'zublk list' shows those there are");
  }

  /** Finds a device as {@link #find} does, for somebody who hopes that it can be recovered. */
  public Device findToRecover(String name) {
    return find(name, "what a device holds does not outlive a reboot");
  }

  private Device find(String name, String hint) {
    for (Device device : all()) {
      if (device.isCalled(name)) {
        return device;
      }
    }
    throw new UserException(
        runDir.devices().stream()
            .filter(dir -> name.equals(Integer.toString(dir.id())))
            .flatMap(dir -> dir.obscurity().stream())
            .findFirst()
            .orElse("no device '%s' in %s; %s".formatted(name, runDir.path(), hint)));
  }

  /**
   * The lowest id that a new device could have, whatever its transport; whoever is quicker takes
   * it.
   */
  public int freeId() {
    Set<Integer> taken = new Transports().of(TransportKind.UBLK).takenIds();
    try {
      return StaleDevices.lowestFree(runDir, taken, _ -> {}).id();
    } catch (IOException e) {
      throw new UserException("cannot find a free id: " + UserException.lineFor(e), e);
    }
  }

  /** Clears away what processes left that died before their devices served. */
  public void clearUnfinished() {
    if (!runDir.exists()) {
      return; // nor shall it be made for this
    }
    try (RunDir.Lock lock = runDir.lock()) {
      new StaleDevices(runDir, new Transports(), lock).clearUnfinished();
    } catch (IOException e) {
      throw new UserException("cannot clear away unfinished devices: " + e.getMessage(), e);
    }
  }
}
