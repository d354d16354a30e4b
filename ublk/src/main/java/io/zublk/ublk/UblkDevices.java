package io.zublk.ublk;

import io.zublk.ublk.control.UblkControl;
import java.io.IOException;
import java.util.List;
import java.util.Set;

/**
 * The ublk devices of this machine, whichever process serves them. Each call asks the driver anew;
 * all but {@link #ids} need CAP_SYS_ADMIN.
 *
 * <p>Thread-safe.
 */
public final class UblkDevices {

  private UblkDevices() {}

  /** The ids of all devices, in ascending order; none if there is no driver. */
  public static List<Integer> ids() throws IOException {
    return UblkControl.deviceIds();
  }

  /**
   * What the driver knows of a device: its state, its server, its cookie.
   *
   * @throws UblkException with errno ENODEV if there is none of this id
   */
  public static UblkDeviceInfo info(int id) throws IOException {
    try (UblkControl control = UblkControl.open()) {
      return control.info(id);
    }
  }

  /**
   * Removes the disk of a device, whose users get errors from then on; what is left of the device
   * has its id until it is deleted.
   *
   * @throws UblkException with errno ENODEV if there is none of this id
   */
  public static void stop(int id) throws IOException {
    try (UblkControl control = UblkControl.open()) {
      control.stop(id);
    }
  }

  /**
   * Deletes a device, stopping it if need be; its users get errors. Blocks until no process has the
   * server's end of it open.
   *
   * @throws UblkException with errno ENODEV if there is none of this id
   */
  public static void delete(int id) throws IOException {
    try (UblkControl control = UblkControl.open()) {
      control.delete(id);
    }
  }

  /**
   * What the driver can do.
   *
   * @throws UblkException no driver, no permission, or one before Linux 6.5
   */
  public static Set<UblkFeature> features() throws IOException {
    try (UblkControl control = UblkControl.open()) {
      return control.features();
    }
  }
}
