package io.zublk.ublk;

import io.soabase.recordbuilder.core.RecordBuilder;
import io.zublk.block.Geometry;
import io.zublk.block.Polling;
import io.zublk.ublk.abi.UblkAbi;
import java.util.BitSet;
import java.util.List;

/**
 * How a device is to be served.
 *
 * @param id the device's number, or {@link #ANY_ID}
 * @param queues hardware queues, 1 to 4096; the driver grants no more than there are CPUs
 * @param threadsPerQueue threads that serve each queue, 1 to its depth; more than one need {@link
 *     UblkFeature#PER_IO_DAEMON} (6.16)
 * @param depth requests in flight per queue, 1 to 4096
 * @param maxIoBytes the largest read or write, a power of two from 4 KiB to 32 MiB. Each queue
 *     keeps {@code depth * maxIoBytes} of address space for buffers, which becomes memory as far as
 *     it is touched
 * @param volatileCache whether users must flush, and may ask for FUA
 * @param affinity the CPUs of queue threads: thread t of all takes set t modulo their number; empty
 *     for the CPUs that the kernel submits to the queue from
 * @param numaNode where the buffers' memory comes from, or {@link #ANY_NODE}
 * @param polling how queue threads wait
 * @param batchIo whether to serve by BATCH_IO where the driver grants it (7.0)
 * @param recoverable whether the device outlives a server that dies or {@linkplain
 *     UblkServer#handOver leaves} it: requests wait then, for ever, for one that {@linkplain
 *     UblkServer#recover recovers} it; else they fail, and the disk goes
 * @param cookie a mark that tells this program's devices from others'
 */
@RecordBuilder
public record UblkOptions(
    int id,
    int queues,
    int threadsPerQueue,
    int depth,
    int maxIoBytes,
    boolean volatileCache,
    List<BitSet> affinity,
    int numaNode,
    Polling polling,
    boolean batchIo,
    boolean recoverable,
    long cookie)
    implements UblkOptionsBuilder.With {

  /** Lets the driver choose the device's number. */
  public static final int ANY_ID = -1;

  /** Lets the kernel choose a NUMA node. */
  public static final int ANY_NODE = -1;

  public UblkOptions {
    require(id >= ANY_ID, "the id is negative", id);
    require(queues >= 1 && queues <= UblkAbi.MAX_QUEUES, "queues are not in 1..4096", queues);
    require(depth >= 1 && depth <= UblkAbi.MAX_DEPTH, "the depth is not in 1..4096", depth);
    require(
        threadsPerQueue >= 1 && threadsPerQueue <= depth,
        "threads per queue are not between 1 and the depth",
        threadsPerQueue);
    require(
        Integer.bitCount(maxIoBytes) == 1
            && maxIoBytes >= Geometry.PAGE_BYTES
            && maxIoBytes <= UblkAbi.MAX_IO_BYTES,
        "the largest request is not a power of two from 4 KiB to 32 MiB",
        maxIoBytes);
    affinity = List.copyOf(affinity);
  }

  private static void require(boolean condition, String complaint, int value) {
    if (!condition) {
      throw new IllegalArgumentException(complaint + ": " + value);
    }
  }

  /**
   * One queue of 128 requests of up to 512 KiB. That request size is the largest whose buffer stays
   * in a second-level cache between compressor and copy, and bounds a queue's buffers to 64 MiB.
   */
  public static UblkOptions defaults() {
    return new UblkOptions(
        ANY_ID, 1, 1, 128, 512 << 10, true, List.of(), ANY_NODE, Polling.OFF, false, false, 0);
  }
}
