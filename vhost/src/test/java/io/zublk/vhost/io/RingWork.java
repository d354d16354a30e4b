package io.zublk.vhost.io;

import com.sun.management.ThreadMXBean;
import io.zublk.block.BlockDevice;
import io.zublk.block.Geometry;
import io.zublk.uring.sys.Memory;
import io.zublk.vhost.TestRing;
import io.zublk.vhost.examples.NullDevice;
import io.zublk.vhost.examples.RamDevice;
import java.io.IOException;
import java.lang.management.ManagementFactory;

/**
 * What a request costs the thread that serves it, in its own CPU time, on a machine however busy:
 * client and server are one thread here. Run it with {@code java io.zublk.vhost.io.RingWork [BYTES
 * [DEPTH]]}.
 */
public final class RingWork {

  private static final int RING = 512;
  private static final int ROUNDS = 8;
  private static final int BATCHES = 20_000;
  private static final long DISK_BYTES = 64 << 20;
  private static final long MEMORY_BYTES = 256 << 20;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private RingWork() {}

  /** Prints a line for each way of laying out requests. */
  public static void main(String[] arguments) throws IOException {
    int bytes = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 4096;
    int depth = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 32;
    Geometry geometry = new Geometry(DISK_BYTES, Geometry.PAGE_BYTES);
    for (boolean indirect : new boolean[] {false, true}) {
      for (int type : new int[] {TestRing.IN, TestRing.OUT}) {
        BlockDevice nothing = new NullDevice(geometry);
        BlockDevice ram = new RamDevice(geometry, Memory.mapAnonymous(DISK_BYTES));
        System.out.printf(
            "%s of %d, depth %d%s: null %.3f us, ram %.3f us%n",
            type == TestRing.IN ? "reads" : "writes",
            bytes,
            depth,
            indirect ? ", indirect" : "",
            measure(nothing, type, bytes, depth, indirect),
            measure(ram, type, bytes, depth, indirect));
      }
    }
  }

  /** The fewest microseconds of CPU time for a request in several rounds. */
  private static double measure(
      BlockDevice device, int type, int bytes, int depth, boolean indirect) throws IOException {
    double least = Double.MAX_VALUE;
    try (OneThread both = new OneThread(device, MEMORY_BYTES, RING, bytes, indirect)) {
      TestRing ring = both.ring();
      for (int slot = 0; slot < depth; slot++) {
        ring.request(slot, type, slot * 8L, bytes);
      }
      for (int round = 0; round < ROUNDS; round++) {
        long start = THREADS.getCurrentThreadCpuTime();
        for (int batch = 0; batch < BATCHES; batch++) {
          perform(both, depth);
        }
        long nanos = THREADS.getCurrentThreadCpuTime() - start;
        least = Math.min(least, nanos / 1000.0 / BATCHES / depth);
      }
    }
    return least;
  }

  private static void perform(OneThread both, int depth) {
    TestRing ring = both.ring();
    for (int slot = 0; slot < depth; slot++) {
      ring.submit(slot);
    }
    both.serveAll();
    while (ring.hasUsed()) {
      int slot = ring.takeUsed();
      if (ring.status(slot) != 0) {
        throw new IllegalStateException("status " + ring.status(slot));
      }
    }
  }
}
