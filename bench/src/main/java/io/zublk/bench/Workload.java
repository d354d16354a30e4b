package io.zublk.bench;

/** What one thread of the engine benchmark does again and again. */
enum Workload {
  WRITE_1M("sequential write 1M", 1 << 20, true, false),
  READ_1M("sequential read 1M", 1 << 20, false, false),
  WRITE_4K("random write 4K", 4096, true, true),
  READ_4K("random read 4K", 4096, false, true);

  private final String label;
  private final int requestBytes;
  private final boolean write;
  private final boolean random;

  Workload(String label, int requestBytes, boolean write, boolean random) {
    this.label = label;
    this.requestBytes = requestBytes;
    this.write = write;
    this.random = random;
  }

  String label() {
    return label;
  }

  int requestBytes() {
    return requestBytes;
  }

  boolean isWrite() {
    return write;
  }

  boolean isRandom() {
    return random;
  }
}
