package io.zublk.daemon.settings;

import io.zublk.daemon.UserException;
import io.zublk.daemon.machine.ProcFs;
import io.zublk.store.StoreTuning;
import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.Numa;
import io.zublk.uring.sys.Tasks;
import java.io.IOException;
import java.util.BitSet;

/** Where this process runs and takes its memory from. */
public final class Placement {

  private Placement() {}

  /**
   * Moves the whole process to the CPUs and the node that were asked for. Threads inherit both from
   * the one that starts them, so this comes before the store's and the transport's are started.
   *
   * @throws UserException if the kernel refuses
   */
  public static void apply(PerformanceSettings settings) throws IOException {
    if (settings.confined()) {
      confineAllThreads(settings.cpus());
    }
    if (settings.numaNode() != StoreTuning.ANY_NODE) {
      preferNode(settings.numaNode());
    }
  }

  /** The JVM's own threads as well: a compiler at work on a reserved CPU is what nobody wants. */
  private static void confineAllThreads(BitSet cpus) throws IOException {
    for (int thread : ProcFs.threads()) {
      try {
        Tasks.setAffinity(thread, cpus);
      } catch (LinuxException e) {
        // Threads come and go; only this one has to stay.
        if (thread == Tasks.id()) {
          throw e;
        }
      }
    }
  }

  private static void preferNode(int node) {
    try {
      Numa.prefer(node);
    } catch (LinuxException e) {
      throw new UserException("--numa-node " + node + ": " + e.getMessage(), e);
    }
  }
}
