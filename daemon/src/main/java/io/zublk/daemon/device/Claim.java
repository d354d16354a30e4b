package io.zublk.daemon.device;

import io.zublk.daemon.command.OwnRecord;
import io.zublk.daemon.machine.ProcessId;
import io.zublk.daemon.registry.DeviceDir;
import io.zublk.daemon.registry.DeviceRecord;
import io.zublk.daemon.registry.FileLocks;
import io.zublk.daemon.registry.RunDir;
import io.zublk.daemon.registry.StoreHome;
import java.io.IOException;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * An id that is this process's, and what it has written down under it. Given up by either {@link
 * #delete}, {@link #keep} or {@link #leave}.
 *
 * <p>Used by one thread.
 */
final class Claim implements OwnRecord {

  private final RunDir runDir;
  private final DeviceDir dir;
  private final FileLocks.Held held;
  private volatile DeviceRecord record;

  /** The id of a directory, whose lock is held. */
  Claim(RunDir runDir, DeviceDir dir, FileLocks.Held held) {
    this.runDir = runDir;
    this.dir = dir;
    this.held = held;
  }

  DeviceDir dir() {
    return dir;
  }

  /** What was written last; null before that. */
  @Override
  public DeviceRecord record() {
    return record;
  }

  @Override
  public Optional<ProcessId> standby() {
    return dir.standby();
  }

  @Override
  public synchronized void update(UnaryOperator<DeviceRecord> change) {
    write(change.apply(record));
  }

  synchronized void write(DeviceRecord changed) {
    dir.write(changed);
    record = changed;
  }

  /** From here on the id is free, and what devices shared may be gone. */
  void delete() throws IOException {
    try (held) {
      if (!runDir.exists()) {
        return;
      }
      try (RunDir.Lock _ = runDir.lock()) {
        // Somebody may have deleted our directory, and another device have taken the id since.
        if (held.isInPlace()) {
          dir.delete();
        }
        StoreHome.release(runDir);
      }
    }
  }

  /** From here on the device is another process's, which has waited for that. */
  void leave() {
    held.close();
  }

  /**
   * From here on the device is dead, for everybody to see.
   *
   * @param isWanted whether somebody wants it so: then its keeper finds nothing to keep
   */
  void keep(String deathCause, boolean isWanted) throws IOException {
    try (held) {
      if (held.isInPlace()) {
        DeviceRecord dead = record.dead(deathCause);
        write(isWanted ? dead.withKeeper(null) : dead);
      }
    }
  }
}
