package io.zublk.daemon.settings;

import io.zublk.daemon.UserException;
import io.zublk.daemon.machine.ProcFs;
import io.zublk.store.StoreTuning;
import io.zublk.uring.sys.CpuList;
import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.Numa;
import io.zublk.uring.sys.Tasks;
import java.io.IOException;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

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
      move(settings.cpus());
    }
    if (settings.numaNode() != StoreTuning.ANY_NODE) {
      preferNode(settings.numaNode());
    }
  }

  /**
   * Makes sure that the whole of a list can be had now: a CPU may have gone, or the process's
   * cpuset changed. The calling thread is where it was when this returns.
   *
   * @throws UserException if it cannot
   */
  public static void require(BitSet cpus) throws IOException {
    BitSet before = Tasks.affinity();
    BitSet granted = new BitSet();
    try {
      Tasks.setAffinity(cpus);
      granted = Tasks.affinity();
    } catch (LinuxException e) {
      // None of them.
    } finally {
      Tasks.setAffinity(before);
    }
    if (!granted.equals(cpus)) {
      throw new UserException(
          "--cpu-affinity %s: of these %s can be had now; see cpuset.cpus, and which CPUs are online"
              .formatted(
                  CpuList.format(cpus), granted.isEmpty() ? "none" : CpuList.format(granted)));
    }
  }

  /**
   * Moves all threads of this process to these CPUs, the JVM's own as well: a compiler at work on a
   * reserved CPU is what nobody wants.
   */
  public static void move(BitSet cpus) throws IOException {
    Tasks.setAffinity(cpus);
    Set<Integer> moved = new HashSet<>(Set.of(Tasks.id()));
    // Who starts a thread before it is moved itself starts it where nobody should be.
    for (List<Integer> found = others(moved); !found.isEmpty(); found = others(moved)) {
      for (int thread : found) {
        try {
          Tasks.setAffinity(thread, cpus);
        } catch (LinuxException e) {
          // It has ended.
        }
      }
      moved.addAll(found);
    }
  }

  private static List<Integer> others(Set<Integer> moved) throws IOException {
    return ProcFs.threads().stream().filter(thread -> !moved.contains(thread)).toList();
  }

  private static void preferNode(int node) {
    try {
      Numa.prefer(node);
    } catch (LinuxException e) {
      throw new UserException("--numa-node " + node + ": " + e.getMessage(), e);
    }
  }
}
