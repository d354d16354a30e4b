package io.zublk.daemon.command;

import io.zublk.daemon.UserException;
import io.zublk.daemon.machine.ProcessId;
import io.zublk.daemon.registry.DeviceRecord;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** The record that a device's process keeps of itself. Any thread. */
public interface OwnRecord {

  /** What was written last. */
  DeviceRecord record();

  /** Who is ready to go on with the device when this process has died. */
  Optional<ProcessId> standby();

  /**
   * Writes another one in its place, made from it.
   *
   * @throws UserException if it cannot be written; then the old one stays
   */
  void update(UnaryOperator<DeviceRecord> change);
}
