package io.zublk.bench;

import io.zublk.uring.sys.Errnos;
import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.Memory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Does one workload on one lane until it is told to stop. Sequential threads go round a part of the
 * target of their own, random ones jump over all of it. What is written at a position is what the
 * data set has there, so the target's contents stay what they were.
 */
final class LoadThread extends Thread {

  /** One request of so many is timed: two clock reads a request would be part of its time. */
  private static final int SAMPLE_EVERY = 16;

  private static final int MAX_SAMPLES = 1 << 18;

  /** Cells of one cache line and its neighbour, of which only one is used. */
  private static final int PADDED_CELLS = 32;

  private static final int CELL = 16;

  private final Lane lane;
  private final Workload workload;
  private final MemorySegment data;
  private final long begin;
  private final long units;
  private final MemorySegment buffer;
  private final AtomicLongArray done = new AtomicLongArray(PADDED_CELLS);
  private final long[] samples = new long[MAX_SAMPLES];
  private int sampleCount;
  private final Xorshift random;
  private volatile boolean sampling;
  private volatile boolean stopping;
  private volatile String failure;

  /** One of {@code threads}, numbered from 0. */
  LoadThread(Target target, Workload workload, MemorySegment data, int index, int threads)
      throws IOException {
    super("load-" + index);
    this.workload = workload;
    this.data = data;
    long all = target.sizeBytes() / workload.requestBytes();
    long share = workload.isRandom() ? all : all / threads;
    this.units = share;
    this.begin = workload.isRandom() ? 0 : index * share * workload.requestBytes();
    this.random = new Xorshift(index);
    this.buffer = newBuffer(workload);
    this.lane = target.openLane();
    setDaemon(true);
  }

  private static MemorySegment newBuffer(Workload workload) throws LinuxException {
    return Memory.mapAnonymous(workload.requestBytes());
  }

  /** Requests done so far; any thread. */
  long done() {
    return done.getOpaque(CELL);
  }

  /** Starts to keep the time of some requests. */
  void startSampling() {
    sampling = true;
  }

  void stopSoon() {
    stopping = true;
  }

  /** What went wrong, or null. */
  String failure() {
    return failure;
  }

  /** The times of sampled requests in nanoseconds, after the thread has ended. */
  long[] samples() {
    return Arrays.copyOf(samples, sampleCount);
  }

  @Override
  public void run() {
    try {
      long count = 0;
      while (!stopping) {
        int result = count % SAMPLE_EVERY == 0 ? timed(count) : request(count);
        if (result != 0) {
          failure = "%s: %s".formatted(workload.label(), Errnos.name(-result));
          return;
        }
        done.setOpaque(CELL, ++count);
      }
    } finally {
      lane.close();
      Memory.unmap(buffer);
    }
  }

  private int timed(long count) {
    long start = System.nanoTime();
    int result = request(count);
    long time = System.nanoTime() - start;
    if (sampling && sampleCount < samples.length) {
      samples[sampleCount++] = time;
    }
    return result;
  }

  private int request(long count) {
    long unit = workload.isRandom() ? random.next(units) : count % units;
    long position = begin + unit * workload.requestBytes();
    return workload.isWrite()
        ? lane.write(position, data, position, workload.requestBytes())
        : lane.read(position, buffer, 0, workload.requestBytes());
  }
}
