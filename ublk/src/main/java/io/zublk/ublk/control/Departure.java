package io.zublk.ublk.control;

import io.zublk.ublk.UblkDeviceInfo;
import java.io.IOException;

/** How a server parts with its device. {@link Arrival} is the other end. */
public interface Departure {

  /**
   * What is done while requests are still served. Left out if that has failed.
   *
   * @return whether the driver brings no new ones from then on
   */
  boolean whileServed(UblkDeviceInfo device) throws IOException;

  /** What is done once the server has given back all it had of the device. */
  void whenGivenBack(UblkDeviceInfo device) throws IOException;
}
