package io.zublk.vhost;

import io.soabase.recordbuilder.core.RecordBuilder;
import io.zublk.block.Polling;
import io.zublk.uring.sys.SocketAccess;
import java.nio.charset.StandardCharsets;

/**
 * How a device is served.
 *
 * @param queues how many queues a client may use, 1 to 256. QEMU wants one for each virtual CPU and
 *     does not start with fewer, so the default is 64
 * @param threads threads that serve them, 1 to 64; queue q is served by thread q modulo their
 *     number. Default: 1
 * @param polling how they wait. Default: they sleep at once
 * @param readOnly whether writes are refused
 * @param serial what clients learn as the device's serial number, at most 20 bytes of ASCII
 * @param socketAccess who may connect. Default: the process's own user
 */
@RecordBuilder
public record VhostOptions(
    int queues,
    int threads,
    Polling polling,
    boolean readOnly,
    String serial,
    SocketAccess socketAccess)
    implements VhostOptionsBuilder.With {

  /** The most queues that a client may use; each costs a few hundred bytes. */
  public static final int MAX_QUEUES = 256;

  /** The most threads. */
  public static final int MAX_THREADS = 64;

  /** The length of the serial number (virtio 1.2, 5.2.6). */
  public static final int SERIAL_BYTES = 20;

  public VhostOptions {
    require(queues >= 1 && queues <= MAX_QUEUES, "queues are not in 1..256: " + queues);
    require(threads >= 1 && threads <= MAX_THREADS, "threads are not in 1..64: " + threads);
    require(
        serial.length() <= SERIAL_BYTES && StandardCharsets.US_ASCII.newEncoder().canEncode(serial),
        "the serial number is not at most 20 characters of ASCII: " + serial);
  }

  private static void require(boolean condition, String complaint) {
    if (!condition) {
      throw new IllegalArgumentException(complaint);
    }
  }

  /** The defaults above. */
  public static VhostOptions defaults() {
    return new VhostOptions(64, 1, Polling.OFF, false, "zublk", SocketAccess.OWNER);
  }
}
