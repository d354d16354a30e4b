package io.zublk.ublk.control;

import io.zublk.ublk.UblkDeviceInfo;
import java.io.IOException;

/** How a server comes to its device. {@link Departure} is the other end. */
public interface Arrival {

  /**
   * Makes sure that the driver has the device, and that its queues may be opened. When this throws,
   * nothing is left.
   *
   * @return the device as the driver granted it
   */
  UblkDeviceInfo obtain() throws IOException;

  /**
   * Lets requests come, once the driver has been lent all tags. Blocks until the first ones have
   * been served; the process must be the one that opened the character device.
   */
  void bringRequests(UblkDeviceInfo device) throws IOException;
}
