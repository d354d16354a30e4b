package io.zublk.daemon.registry;

import io.zublk.daemon.UserException;

/**
 * A device has a record that says nothing to us: a newer zublk's, perhaps, or a damaged one. It is
 * no proof that there is no device, so nobody takes anything of it away.
 */
public final class UnreadableRecordException extends UserException {

  private static final long serialVersionUID = 1L;

  UnreadableRecordException(DeviceDir device, Exception cause) {
    super(
        "device %d: its record %s cannot be read: %s; all of it is left alone, %s"
            .formatted(
                device.id(),
                device.recordFile(),
                lineFor(cause),
                device.isLocked()
                    ? "its process lives: use the zublk that made it"
                    : "delete %s if nobody needs it".formatted(device.path())),
        cause);
  }
}
