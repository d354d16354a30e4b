package io.zublk.nbd;

import io.zublk.block.BlockDevice;
import io.zublk.block.IdleSet;
import io.zublk.block.RateLimitedLog;
import io.zublk.block.ThreadCounters;
import io.zublk.block.Threads;

/** The workers of a server, and which of them are idle. */
final class WorkerPool {

  private final Worker[] workers;
  private final IdleSet idle = new IdleSet();

  WorkerPool(BlockDevice device, int count, RateLimitedLog log) {
    workers = new Worker[count];
    for (int i = 0; i < count; i++) {
      RequestServer server =
          new RequestServer(
              device.openChannel(), new ReplyBuffer(), new ThreadCounters<>(Counter.class), log);
      workers[i] = new Worker(this, i, server, log);
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
    int index = idle.claim();
    return index == IdleSet.NONE ? null : workers[index];
  }

  /** Makes a worker idle that was not. */
  void release(int index) {
    idle.add(index);
  }

  void addCountersTo(ThreadCounters<Counter> sum) {
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
