package io.zublk.ublk;

import java.nio.file.Path;
import java.util.Set;

/**
 * What the driver says about a device.
 *
 * @param id its number, as in /dev/ublkb0
 * @param queues hardware queues; the driver grants no more than there are CPUs
 * @param depth requests in flight per queue
 * @param maxIoBytes the largest request
 * @param serverPid the process that serves it, or a value below 1 if none does
 * @param features what was granted
 * @param cookie the server's own mark ({@code ublksrv_flags}), which the driver only keeps
 */
public record UblkDeviceInfo(
    int id,
    int queues,
    int depth,
    int maxIoBytes,
    UblkState state,
    int serverPid,
    Set<UblkFeature> features,
    long cookie) {

  /** Whether it outlives its server, see {@link UblkOptions#recoverable}. */
  public boolean recoverable() {
    return features.contains(UblkFeature.USER_RECOVERY);
  }

  /** The disk that users see. */
  public Path blockPath() {
    return Path.of("/dev/ublkb" + id);
  }

  /** The character device that the server opens. */
  public Path charPath() {
    return Path.of("/dev/ublkc" + id);
  }
}
