package io.zublk.daemon.settings;

import io.zublk.block.Polling;
import io.zublk.daemon.PerformanceConfig;
import io.zublk.daemon.Preset;
import io.zublk.daemon.UserException;
import io.zublk.daemon.machine.Machine;
import io.zublk.nbd.NbdOptions;
import io.zublk.store.PageStore;
import io.zublk.store.StoreTuning;
import io.zublk.ublk.UblkOptions;
import io.zublk.uring.sys.CpuList;
import io.zublk.vhost.VhostOptions;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A device's settings as they are in effect on a machine: the one object that store and transports
 * are set up from, and that {@code stat} reports.
 *
 * @param vhostThreads the threads that serve the queues of a vhost-user client; as many as a ublk
 *     device has queues, if nobody says
 * @param nbdWorkers the threads that share NBD clients' large requests: one for each CPU that the
 *     device may use, and as many as a quota of CPU time is worth
 * @param cpus the CPUs that the device's threads use
 * @param pinned whether each queue thread has one of them for itself, in turn
 * @param confined whether {@code cpus} were asked for, by list or by node
 * @param numaNode where memory comes from, or {@link StoreTuning#ANY_NODE}
 * @param machine what they were settled on
 */
public record PerformanceSettings(
    Preset preset,
    int queues,
    int queueDepth,
    int threadsPerQueue,
    int vhostThreads,
    boolean batchIo,
    Polling polling,
    int batchPages,
    int batchTimeoutMicros,
    int workers,
    int nbdWorkers,
    int stagingPages,
    BitSet cpus,
    boolean pinned,
    boolean confined,
    int numaNode,
    Machine machine) {

  /**
   * blk-mq spreads the CPUs over the queues, and a queue is one thread's work. More than four busy
   * compressors on a machine that somebody wants to use for something else must be asked for.
   */
  private static final int DEFAULT_MOST_QUEUES = 4;

  private static final int MOST_WORKERS = 64;

  /** The most workers that a connection's request can be shared with. */
  private static final int MOST_NBD_WORKERS = 64;

  /**
   * Settles what was asked for on a machine.
   *
   * @throws UserException if the machine has not got it
   */
  public static PerformanceSettings of(PerformanceConfig config, Machine machine) {
    return most(config, machine).changedTo(config);
  }

  /**
   * What a device's process lays out for one that was made so; {@link #changedTo} says what it has
   * of that now.
   *
   * @param created its CPUs are counted, and may be gone
   * @throws UserException if the machine has not got it
   */
  public static PerformanceSettings most(PerformanceConfig created, Machine machine) {
    String list = created.cpuAffinity();
    return most(created, list == null ? cpus(created, machine) : CpuList.parse(list), machine);
  }

  private static PerformanceSettings most(PerformanceConfig config, BitSet cpus, Machine machine) {
    int processors = Math.min(cpus.cardinality(), machine.processors());
    Preset preset = config.preset();
    return new PerformanceSettings(
        preset,
        or(config.queues(), Math.min(processors, DEFAULT_MOST_QUEUES)),
        or(config.queueDepth(), UblkOptions.defaults().depth()),
        or(config.threadsPerQueue(), 1),
        or(config.threads(), Math.min(processors, DEFAULT_MOST_QUEUES)),
        Boolean.TRUE.equals(config.batchIo()),
        polling(config),
        or(config.batchPages(), preset.batchPages()),
        batchTimeoutMicros(config),
        or(config.workers(), defaultWorkers(processors)),
        Math.min(processors, MOST_NBD_WORKERS),
        or(config.stagingPages(), defaultStagingPages(config, processors)),
        cpus,
        config.cpuAffinity() != null,
        config.cpuAffinity() != null || config.numaNode() != null,
        or(config.numaNode(), StoreTuning.ANY_NODE),
        machine);
  }

  /**
   * These, but for what can change while a device serves: that is as in {@code config}.
   *
   * @throws UserException if the machine has not got it
   */
  public PerformanceSettings changedTo(PerformanceConfig config) {
    return new PerformanceSettings(
        preset,
        queues,
        queueDepth,
        threadsPerQueue,
        vhostThreads,
        batchIo,
        polling(config),
        batchPages,
        batchTimeoutMicros(config),
        Math.min(or(config.workers(), workers), workers),
        nbdWorkers,
        Math.min(or(config.stagingPages(), stagingPages), stagingPages),
        cpus(config, machine),
        config.cpuAffinity() != null,
        config.cpuAffinity() != null || config.numaNode() != null,
        numaNode,
        machine);
  }

  private static Polling polling(PerformanceConfig config) {
    Polling ofPreset = config.preset().polling();
    return new Polling(
        config.polls(),
        or(config.pollSpinCycles(), ofPreset.spinCycles()),
        config.pollAdaptive() == null ? ofPreset.adaptive() : config.pollAdaptive());
  }

  private static int batchTimeoutMicros(PerformanceConfig config) {
    return or(config.batchTimeoutMicros(), config.preset().batchTimeoutMicros());
  }

  private static int or(Integer asked, int otherwise) {
    return asked == null ? otherwise : asked;
  }

  private static BitSet cpus(PerformanceConfig config, Machine machine) {
    BitSet ofNode = config.numaNode() == null ? null : machine.cpusOfNode(config.numaNode());
    if (config.cpuAffinity() != null) {
      return machine.cpus(config.cpuAffinity());
    }
    return ofNode == null ? (BitSet) machine.allowedCpus().clone() : ofNode;
  }

  /**
   * Workers leave a CPU to whoever brings the writes, who compresses, too, when they do not keep
   * up; measured on two CPUs, a burst is acknowledged twice as fast as with a worker on each.
   */
  private static int defaultWorkers(int processors) {
    return Math.clamp(processors - 1L, 1, MOST_WORKERS);
  }

  /**
   * On a single CPU staging only adds a copy of the page and a switch of threads, unless somebody
   * wants writes to be acknowledged before they are compressed.
   */
  private static int defaultStagingPages(PerformanceConfig config, int processors) {
    return processors > 1 || config.asksForBatches() ? StoreTuning.MAX_STAGING_PAGES : 0;
  }

  /** Its workers run where the thread does that opens it, and move with all others. */
  public StoreTuning storeTuning() {
    return new StoreTuning(
        workers,
        batchPages,
        batchTimeoutMicros,
        workers == 0 ? 0 : stagingPages,
        new BitSet(),
        numaNode);
  }

  /** Has a store that was opened for as much, or more, use what these say. */
  public void applyTo(PageStore store) {
    store.setBatchTimeoutMicros(batchTimeoutMicros);
    if (workers > 0) {
      store.setWorkers(workers);
      store.setStagingPages(stagingPages);
    }
  }

  public UblkOptions applyTo(UblkOptions options) {
    return options
        .withQueues(queues)
        .withDepth(queueDepth)
        .withThreadsPerQueue(threadsPerQueue)
        .withBatchIo(batchIo)
        .withPolling(polling)
        .withAffinity(queueAffinity())
        .withNumaNode(numaNode);
  }

  /**
   * A CPU for each queue thread in turn where they were listed, all of the node where that was
   * named; else empty, and the kernel knows best.
   */
  public List<BitSet> queueAffinity() {
    if (pinned) {
      return cpus.stream().mapToObj(PerformanceSettings::setOf).toList();
    }
    return confined ? List.of(cpus) : List.of();
  }

  private static BitSet setOf(int cpu) {
    BitSet set = new BitSet();
    set.set(cpu);
    return set;
  }

  public NbdOptions applyTo(NbdOptions options) {
    return options.withWorkers(nbdWorkers);
  }

  public VhostOptions applyTo(VhostOptions options) {
    return options.withThreads(vhostThreads).withPolling(polling);
  }

  /** What {@code stat} says about the store's part and about the whole process. */
  public Map<String, Object> storeFields() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("preset", preset.word());
    fields.put("workers", workers);
    fields.put("staging_bytes_max", storeTuning().stagingPages() * 4096L);
    fields.put("batch_pages", batchPages);
    fields.put("batch_timeout_us", batchTimeoutMicros);
    fields.put("cpu_affinity", CpuList.format(cpus));
    fields.put("numa_node", numaNode);
    return fields;
  }

  /** What {@code stat} says about the queues. */
  public Map<String, Object> queueFields() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("threads_per_queue", threadsPerQueue);
    fields.putAll(pollingFields());
    return fields;
  }

  /** What {@code stat} says about how threads wait. */
  public Map<String, Object> pollingFields() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("polling", polling.enabled());
    fields.put("poll_spin_cycles", polling.spinCycles());
    fields.put("poll_adaptive", polling.adaptive());
    return fields;
  }
}
