package io.zublk.ublk.control;

import io.zublk.ublk.UblkDeviceInfo;
import io.zublk.ublk.UblkException;
import io.zublk.uring.sys.Errnos;
import java.io.IOException;

/** The device ends with its server, who serves what is in flight. */
public final class DeleteDevice implements Departure {

  private final UblkControl control;

  public DeleteDevice(UblkControl control) {
    this.control = control;
  }

  @Override
  public boolean whileServed(UblkDeviceInfo device) throws IOException {
    if (device.recoverable()) {
      WriteBack.of(device.blockPath());
    }
    ignoringAbsence(() -> control.stop(device.id()));
    return true;
  }

  @Override
  public void whenGivenBack(UblkDeviceInfo device) throws IOException {
    ignoringAbsence(() -> control.delete(device.id()));
  }

  /** Sends the driver something. */
  interface Command {
    void send() throws IOException;
  }

  /** Somebody else may delete our device at any time; what matters is that it is gone. */
  static void ignoringAbsence(Command command) throws IOException {
    try {
      command.send();
    } catch (UblkException e) {
      if (e.errno() != Errnos.ENODEV) {
        throw e;
      }
    }
  }
}
