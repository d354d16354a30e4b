package io.zublk.store;

import io.zublk.store.file.StoreFile;
import io.zublk.store.file.StoreLayout;
import io.zublk.store.work.StoreWorkers;
import java.util.BitSet;

/**
 * How a store uses the machine. Nothing of it is kept in the store file: another process may open
 * the file with other settings.
 *
 * @param workers threads, 0 to 64, that compress staged pages and help with large reads; 0: every
 *     write is compressed by the thread that brings it
 * @param batchPages staged pages that one worker takes at a time, 1 to 256
 * @param batchTimeoutMicros how long an incomplete batch waits for more pages, in microseconds
 * @param stagingPages the most pages that wait for workers, at most {@link #MAX_STAGING_PAGES};
 *     further ones are compressed at once
 * @param workerCpus the CPUs of the workers; empty: those of the thread that opens the store
 * @param numaNode where the store's memory comes from, or {@link #ANY_NODE}
 * @param reserveBytes memory that is kept ready, so that no write asks the kernel for any; 0: none.
 *     It needs a worker, and no staging: what is acknowledged must need no memory later
 */
public record StoreTuning(
    int workers,
    int batchPages,
    int batchTimeoutMicros,
    int stagingPages,
    BitSet workerCpus,
    int numaNode,
    long reserveBytes) {

  /** The kernel's choice of a NUMA node. */
  public static final int ANY_NODE = StoreFile.ANY_NODE;

  /** The staging area of a store file: 64 MiB of addresses, memory as far as it is in use. */
  public static final int MAX_STAGING_PAGES = StoreLayout.MAX_STAGING_PAGES;

  private static final int MAX_BATCH_PAGES = 256;
  private static final int MAX_TIMEOUT_MICROS = 1_000_000;

  /** No workers: every request is served by the thread that brings it, from any node's memory. */
  public static final StoreTuning INLINE = new StoreTuning(0, 64, 100, 0, new BitSet(), ANY_NODE);

  /** Without a reserve. */
  public StoreTuning(
      int workers,
      int batchPages,
      int batchTimeoutMicros,
      int stagingPages,
      BitSet workerCpus,
      int numaNode) {
    this(workers, batchPages, batchTimeoutMicros, stagingPages, workerCpus, numaNode, 0);
  }

  public StoreTuning {
    require(workers, 0, StoreWorkers.MAX_WORKERS, "workers");
    require(batchPages, 1, MAX_BATCH_PAGES, "pages of a batch");
    requireTimeout(batchTimeoutMicros);
    require(stagingPages, 0, MAX_STAGING_PAGES, "staging pages");
    require(numaNode, ANY_NODE, 1023, "NUMA node");
    if (reserveBytes < 0 || (reserveBytes > 0 && (workers == 0 || stagingPages > 0))) {
      throw new IllegalArgumentException("a reserve needs a worker, and no staging");
    }
    workerCpus = (BitSet) workerCpus.clone();
  }

  /** The same with a reserve, and without staging. */
  public StoreTuning withReserve(long bytes) {
    return new StoreTuning(workers, batchPages, batchTimeoutMicros, 0, workerCpus, numaNode, bytes);
  }

  static void requireTimeout(int micros) {
    require(micros, 1, MAX_TIMEOUT_MICROS, "microseconds of a batch");
  }

  private static void require(int value, int least, int most, String what) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          "%s: %d is not in %d..%d".formatted(what, value, least, most));
    }
  }

  @Override
  public BitSet workerCpus() {
    return (BitSet) workerCpus.clone();
  }
}
