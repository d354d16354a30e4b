package io.zublk.daemon.machine;

import io.zublk.daemon.UserException;
import io.zublk.uring.sys.CpuList;
import io.zublk.uring.sys.Tasks;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The CPUs of this machine, and its NUMA nodes.
 *
 * @param onlineCpus those that run
 * @param allowedCpus those of them that this thread may use
 * @param processors how many of them it may keep busy; a container's quota may be less
 * @param nodes the CPUs of each node; empty on a kernel without NUMA
 */
public record Machine(
    BitSet onlineCpus, BitSet allowedCpus, int processors, SortedMap<Integer, BitSet> nodes) {

  // Documentation/ABI/stable/sysfs-devices-system-cpu and sysfs-devices-node
  private static final Path ONLINE = Path.of("/sys/devices/system/cpu/online");
  private static final Path NODES = Path.of("/sys/devices/system/node");

  /** The one that this thread runs on. */
  public static Machine running() throws IOException {
    BitSet allowed = Tasks.affinity();
    BitSet online = Files.exists(ONLINE) ? CpuList.parse(Files.readString(ONLINE)) : allowed;
    allowed.and(online);
    int processors = Runtime.getRuntime().availableProcessors();
    return new Machine(online, allowed, processors, nodes(NODES));
  }

  static SortedMap<Integer, BitSet> nodes(Path directory) throws IOException {
    SortedMap<Integer, BitSet> nodes = new TreeMap<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory, "node[0-9]*")) {
      for (Path entry : entries) {
        int node = Integer.parseInt(entry.getFileName().toString().substring("node".length()));
        nodes.put(node, CpuList.parse(Files.readString(entry.resolve("cpulist"))));
      }
    } catch (NoSuchFileException e) {
      // A kernel without CONFIG_NUMA.
    }
    return nodes;
  }

  /**
   * The CPUs of a list, which a user wrote.
   *
   * @throws UserException if one of them does not exist, or may not be used
   */
  public BitSet cpus(String list) {
    BitSet cpus = CpuList.parse(list);
    String which = "--cpu-affinity " + list;
    requireNone(without(cpus, onlineCpus), "%s: there is no CPU %s; this machine has %s", which);
    requireNone(
        without(cpus, allowedCpus),
        "%s: CPU %s may not be used by this process, only %s; see taskset and cpuset.cpus",
        which);
    return cpus;
  }

  private void requireNone(BitSet bad, String complaint, String which) {
    if (!bad.isEmpty()) {
      BitSet good = bad.intersects(onlineCpus) ? allowedCpus : onlineCpus;
      throw new UserException(
          complaint.formatted(which, CpuList.format(bad), CpuList.format(good)));
    }
  }

  private static BitSet without(BitSet all, BitSet good) {
    BitSet rest = (BitSet) all.clone();
    rest.andNot(good);
    return rest;
  }

  /**
   * The CPUs of a node that may be used; all there are, if the node has memory only.
   *
   * @throws UserException if there is no such node, or its CPUs may not be used
   */
  public BitSet cpusOfNode(int node) {
    String option = "--numa-node " + node + ": ";
    if (nodes.isEmpty()) {
      throw new UserException(option + "this kernel knows no NUMA nodes; leave the option out");
    }
    BitSet cpus = nodes.get(node);
    if (cpus == null) {
      throw new UserException(option + "there is no such node; this machine has " + nodes.keySet());
    }
    if (cpus.isEmpty()) {
      return (BitSet) allowedCpus.clone();
    }
    BitSet usable = (BitSet) cpus.clone();
    usable.and(allowedCpus);
    if (usable.isEmpty()) {
      throw new UserException(
          option
              + "none of its CPUs (%s) may be used by this process; name others by --cpu-affinity"
                  .formatted(CpuList.format(cpus)));
    }
    return usable;
  }
}
