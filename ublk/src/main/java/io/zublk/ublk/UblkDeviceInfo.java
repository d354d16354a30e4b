package io.zublk.ublk;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;
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

  static UblkDeviceInfo read(MemorySegment info) {
    return new UblkDeviceInfo(
        info.get(JAVA_INT, UblkAbi.INFO_ID),
        Short.toUnsignedInt(info.get(JAVA_SHORT, UblkAbi.INFO_QUEUES)),
        Short.toUnsignedInt(info.get(JAVA_SHORT, UblkAbi.INFO_DEPTH)),
        info.get(JAVA_INT, UblkAbi.INFO_MAX_IO_BYTES),
        UblkState.of(Short.toUnsignedInt(info.get(JAVA_SHORT, UblkAbi.INFO_STATE))),
        info.get(JAVA_INT, UblkAbi.INFO_SERVER_PID),
        UblkFeature.fromMask(info.get(JAVA_LONG, UblkAbi.INFO_FLAGS)),
        info.get(JAVA_LONG, UblkAbi.INFO_COOKIE));
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
