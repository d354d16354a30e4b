package io.zublk.daemon.device;

import io.zublk.codec.LineVectors;
import io.zublk.daemon.log.DeviceLog;
import io.zublk.store.PageStore;

/** Has the JVM compile the vectors of codec {@code line}, if a device's pages are packed by it. */
final class LineTraining {

  private final boolean isNeeded;
  private final DeviceLog log;

  LineTraining(PageStore store, DeviceLog log) {
    isNeeded = store.options().packing().lineFirst();
    this.log = log;
  }

  /** Until it has ended, whoever writes has pages packed otherwise. */
  void announce() {
    if (isNeeded) {
      LineVectors.announceTraining();
    }
  }

  /** Not before the device serves: it would take the CPUs that the start needs. */
  void start() {
    if (!isNeeded || LineVectors.areTrained()) {
      return;
    }
    try {
      Thread.ofPlatform().daemon().name("line-training").start(this::train);
    } catch (OutOfMemoryError e) {
      LineVectors.cancelTraining(); // no thread is to be had, and the device serves without
      log.failure("lines are coded without vectors", e);
    }
  }

  private void train() {
    long start = System.nanoTime();
    boolean vectors = LineVectors.train();
    long millis = (System.nanoTime() - start) / 1_000_000;
    log.line(
        vectors
            ? "lines are coded with vectors, after %d ms".formatted(millis)
            : "lines are coded without vectors");
  }
}
