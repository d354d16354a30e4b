package io.zublk.uring.sys;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;

/**
 * Where memory comes from on a machine with several NUMA nodes (include/uapi/linux/mempolicy.h).
 *
 * <p>A kernel without CONFIG_NUMA answers ENOSYS.
 */
public final class Numa {

  private static final int MPOL_PREFERRED = 1;
  private static final int MPOL_BIND = 2;

  // CONFIG_NODES_SHIFT is at most 10.
  private static final int MAX_NODES = 1024;

  private Numa() {}

  /** Takes the pages of a mapping that do not exist yet from one node only. */
  public static void bind(MemorySegment mapping, int node) throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      long result =
          Syscall.call(
              Syscall.MBIND,
              mapping.address(),
              mapping.byteSize(),
              MPOL_BIND,
              mask(arena, node).address(),
              MAX_NODES + 1,
              0);
      Syscall.check("mbind to NUMA node " + node, result);
    }
  }

  /** Lets this thread's allocations come from one node while it has free memory. */
  public static void prefer(int node) throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment mask = mask(arena, node);
      // The kernel ignores the last bit of the count, hence one more than there are.
      long result =
          Syscall.call(
              Syscall.SET_MEMPOLICY, MPOL_PREFERRED, mask.address(), MAX_NODES + 1, 0, 0, 0);
      Syscall.check("set_mempolicy to NUMA node " + node, result);
    }
  }

  /** The CPUs of a node; none if there is no such node, or it has memory only. */
  public static BitSet cpus(int node) throws IOException {
    Path list = Path.of("/sys/devices/system/node/node" + node + "/cpulist");
    return Files.exists(list) ? CpuList.parse(Files.readString(list)) : new BitSet();
  }

  private static MemorySegment mask(Arena arena, int node) {
    if (node < 0 || node >= MAX_NODES) {
      throw new IllegalArgumentException("NUMA node " + node + " is not in 0.." + (MAX_NODES - 1));
    }
    MemorySegment mask = arena.allocate(MAX_NODES / Byte.SIZE, Long.BYTES);
    mask.setAtIndex(ValueLayout.JAVA_LONG, node / Long.SIZE, 1L << node % Long.SIZE);
    return mask;
  }
}
