package io.zublk.nbd;

import io.zublk.block.BlockDevice;
import io.zublk.block.IdleSet;
import io.zublk.block.RateLimitedLog;
import io.zublk.block.ThreadCounters;
import io.zublk.block.Threads;

/** The workers of a server, and which of them are idle. */
final class WorkerPool {

  /**
   * From this length on, in bytes, a part of a request is worth waking a worker: that costs two
   * context switches, about 10 µs, a tenth of what a page store needs for so much data.
   */
  static final int HAND_OVER_BYTES = 64 << 10;

  private final Worker[] workers;
  private final IdleSet idle = new IdleSet();

  WorkerPool(BlockDevice device, int count, RateLimitedLog log) {
    workers = new Worker[count];
    for (int i = 0; i < count; i++) {
      ReplyBuffer replies = new ReplyBuffer(new TransferBuffer());
      RequestServer server =
          new RequestServer(device, replies, new ThreadCounters<>(Counter.class), log);
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
    int index = idle.claim();
    return index == IdleSet.NONE ? null : workers[index];
  }

  /** Gives a whole request to an idle worker, if there is one. */
  boolean handOver(Client client, Request request) {
    Worker worker = claim();
    if (worker == null) {
      return false;
    }
    client.parts().split(request, 1);
    worker.serve(client, request, request.position, (int) request.length);
    return true;
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
