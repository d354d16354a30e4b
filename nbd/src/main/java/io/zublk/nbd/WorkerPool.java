package io.zublk.nbd;

import io.zublk.block.BlockDevice;
import io.zublk.block.Threads;
import java.util.concurrent.atomic.AtomicLong;

/** The workers of a server, and which of them are idle. */
final class WorkerPool {

  /** One bit of a long each. */
  static final int MAX_WORKERS = Long.SIZE;

  private final Worker[] workers;
  private final AtomicLong idle = new AtomicLong();

  WorkerPool(BlockDevice device, int count) {
    workers = new Worker[count];
    for (int i = 0; i < count; i++) {
      RequestServer server =
          new RequestServer(device.openChannel(), new ReplyBuffer(), new CounterCell());
      workers[i] = new Worker(this, i, server);
      release(i);
    }
    try {
      for (Worker worker : workers) {
        worker.start();
      }
    } catch (OutOfMemoryError e) { // the system gives no more threads
      shutDown();
      throw e;
    }
  }

  int size() {
    return workers.length;
  }

  /** Takes an idle worker, which the caller must give a task; null if all are busy. */
  Worker claim() {
    long mask = idle.get();
    while (mask != 0) {
      long lowest = Long.lowestOneBit(mask);
      if (idle.compareAndSet(mask, mask & ~lowest)) {
        return workers[Long.numberOfTrailingZeros(lowest)];
      }
      mask = idle.get();
    }
    return null;
  }

  /** Makes a worker idle that was not. */
  void release(int index) {
    idle.getAndAdd(1L << index); // its bit is clear; a lambda that sets it would be allocated
  }

  void addCountersTo(CounterCell sum) {
    for (Worker worker : workers) {
      sum.addAll(worker.counters());
    }
  }

  /** Ends the threads, after their present task, and waits for that. */
  void shutDown() {
    for (Worker worker : workers) {
      worker.shutDown();
    }
    for (Worker worker : workers) {
      Threads.join(worker);
    }
  }
}
