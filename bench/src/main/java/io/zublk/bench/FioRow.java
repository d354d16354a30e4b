package io.zublk.bench;

/**
 * One row of the specification's protocol: what fio does, and how much of it at a time.
 *
 * @param label for tables
 * @param rw fio's word: read, write, randread, randwrite
 * @param blockBytes of each request
 * @param depth requests in flight of each job
 * @param jobs processes, each with a connection of its own over NBD
 */
record FioRow(String label, String rw, int blockBytes, int depth, int jobs) {

  private static final int MIB = 1 << 20;

  static FioRow sequential(String rw, int depth, int jobs) {
    return new FioRow(label("sequential " + rw + " 1M", depth, jobs), rw, MIB, depth, jobs);
  }

  static FioRow random(String rw, int depth, int jobs) {
    return new FioRow(label("random " + rw + " 4K", depth, jobs), "rand" + rw, 4096, depth, jobs);
  }

  private static String label(String what, int depth, int jobs) {
    return "%s, QD %d%s".formatted(what, depth, jobs == 1 ? "" : " x " + jobs);
  }

  /** The same under another label. */
  FioRow named(String other) {
    return new FioRow(other, rw, blockBytes, depth, jobs);
  }

  boolean isWrite() {
    return rw.endsWith("write");
  }

  boolean isRandom() {
    return rw.startsWith("rand");
  }
}
