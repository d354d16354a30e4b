package io.zublk.daemon.command;

import java.nio.file.Path;

/** How a device's process leaves the device to another one. Any thread. */
public interface HandingOver {

  /**
   * Lets another process come, and serves on until that is ready.
   *
   * @param next what that one is
   * @return the unix socket at which it is expected
   * @throws io.zublk.daemon.UserException why not; with DeviceBusyException if it may be tried
   *     again
   */
  Path begin(Edition next);

  /** Whether one is expected or there, so that nothing may be begun that takes longer. */
  boolean isUnderWay();
}
