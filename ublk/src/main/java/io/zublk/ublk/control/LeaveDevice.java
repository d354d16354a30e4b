package io.zublk.ublk.control;

import io.zublk.ublk.UblkDeviceInfo;
import io.zublk.ublk.UblkFeature;
import java.io.IOException;
import java.util.Set;

/**
 * The device outlives its server: its users wait until another one {@linkplain RecoverDevice
 * recovers} it. One that was not made for that ends.
 */
public final class LeaveDevice implements Departure {

  private final UblkControl control;
  private final DeleteDevice otherwise;

  public LeaveDevice(UblkControl control) {
    this.control = control;
    this.otherwise = new DeleteDevice(control);
  }

  /**
   * Where the driver cannot hold requests back, those that the server has not answered when it ends
   * are sent again to the next one.
   */
  @Override
  public boolean whileServed(UblkDeviceInfo device) throws IOException {
    if (!device.recoverable()) {
      return otherwise.whileServed(device);
    }
    boolean quiesces = quiesces(device.features());
    if (quiesces) {
      DeleteDevice.ignoringAbsence(() -> control.quiesce(device.id()));
    }
    return quiesces;
  }

  // With BATCH_IO it does not work before 7.3, whose drivers have IO_DESC_SIZE.
  private boolean quiesces(Set<UblkFeature> granted) throws IOException {
    return granted.contains(UblkFeature.QUIESCE)
        && (!granted.contains(UblkFeature.BATCH_IO)
            || control.features().contains(UblkFeature.IO_DESC_SIZE));
  }

  @Override
  public void whenGivenBack(UblkDeviceInfo device) throws IOException {
    if (!device.recoverable()) {
      otherwise.whenGivenBack(device);
    }
  }
}
