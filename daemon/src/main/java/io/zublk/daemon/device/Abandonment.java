package io.zublk.daemon.device;

import io.zublk.daemon.log.DeviceLog;
import io.zublk.daemon.registry.DeviceDir;
import io.zublk.daemon.registry.RunDir;
import io.zublk.daemon.registry.StaleDevices;
import io.zublk.daemon.transport.Transports;
import java.io.IOException;

/** What becomes of a dead device that nobody takes into service again by himself. */
public final class Abandonment {

  private Abandonment() {}

  /**
   * Makes what users ask of a dead device fail, and writes the reason into its record and its log.
   * What it holds is kept, and it can be recovered later.
   *
   * @throws io.zublk.daemon.UserException if the device is not dead
   */
  public static void of(DeviceDir device, String reason) throws IOException {
    RunDir runDir = device.runDir();
    try (RunDir.Lock lock = runDir.lock()) {
      new StaleDevices(runDir, new Transports(), lock).abandon(device, reason);
      DeviceLog log = new DeviceLog();
      log.attach(device.log());
      log.line("abandoned: " + reason);
      log.detach();
    }
  }
}
