package io.zublk.ublk.control;

import io.zublk.block.Geometry;
import io.zublk.ublk.UblkDeviceInfo;
import io.zublk.ublk.UblkOptions;
import java.io.IOException;

/** The device is a new one. */
public final class AddDevice implements Arrival {

  private final UblkControl control;
  private final UblkOptions options;
  private final Geometry geometry;

  /**
   * Prepares to add a device.
   *
   * @param geometry of the disk that it is to be
   */
  public AddDevice(UblkControl control, UblkOptions options, Geometry geometry) {
    this.control = control;
    this.options = options;
    this.geometry = geometry;
  }

  @Override
  public UblkDeviceInfo obtain() throws IOException {
    UblkDeviceInfo device = control.add(options);
    try {
      control.setParameters(device.id(), parameters(device));
      return device;
    } catch (IOException | RuntimeException | Error e) {
      try {
        control.delete(device.id());
      } catch (IOException again) {
        e.addSuppressed(again);
      }
      throw e;
    }
  }

  private UblkParameters parameters(UblkDeviceInfo device) {
    return new UblkParameters(
        geometry.sizeBytes(), geometry.blockBytes(), device.maxIoBytes(), options.volatileCache());
  }

  @Override
  public void bringRequests(UblkDeviceInfo device) throws IOException {
    control.start(device.id(), ProcessHandle.current().pid());
  }
}
