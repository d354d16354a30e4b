package io.zublk.daemon;

import io.zublk.daemon.machine.Machine;
import io.zublk.daemon.registry.DeviceRecord;
import io.zublk.uring.sys.CpuList;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** Values that several tests start from. */
public final class Samples {

  private Samples() {}

  public static DeviceConfig config(Path runDir, int id, String listen) {
    return new DeviceConfig(
        runDir.toString(),
        id,
        1 << 20,
        "lz4",
        0,
        TransportKind.NBD,
        NbdConfig.listeningAt(listen),
        null,
        OnCrash.KEEP);
  }

  /** Settings by the names they have in a device's record; a null is one not asked for. */
  public static PerformanceConfig performance(Map<String, Object> asked) {
    try {
      return Json.record(PerformanceConfig.class, Json.line(asked));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The record of a device of this very process. */
  public static DeviceRecord starting(Path runDir, int id) {
    return DeviceRecord.starting(
        config(runDir, id, null), runDir.resolve("store").resolve(id + ".store"), id + 1);
  }

  /** The same, of a process that runs no more: no process ever started at tick 0. */
  public static DeviceRecord ofTheDead(DeviceRecord record) {
    return new DeviceRecord(
        record.id(),
        record.state(),
        record.pid(),
        0,
        record.path(),
        record.storeFile(),
        record.identity(),
        record.config(),
        record.deathCause(),
        record.recoveries(),
        record.keeper());
  }

  /**
   * A machine.
   *
   * @param online its CPUs, as a list
   * @param allowed those that this process may use, which are as many processors
   * @param nodes the CPUs of each node
   */
  public static Machine machine(String online, String allowed, String... nodes) {
    SortedMap<Integer, BitSet> cpus = new TreeMap<>();
    for (int node = 0; node < nodes.length; node++) {
      cpus.put(node, CpuList.parse(nodes[node]));
    }
    BitSet usable = CpuList.parse(allowed);
    return new Machine(CpuList.parse(online), usable, usable.cardinality(), cpus);
  }
}
