package io.zublk.codec;

/** How the bytes of a stored page are encoded. */
public enum Algorithm {
  /** Not compressed: the page as it is. */
  NONE(0, "none"),
  /** An LZ4 block, without a frame. */
  LZ4(1, "lz4"),
  /** A Zstandard frame without magic number, content size and checksum. */
  ZSTD(2, "zstd"),
  /** Lines of 64 bytes, each as it differs from an earlier one: {@code docs/formats/line.md}. */
  LINE(3, "line");

  private static final Algorithm[] BY_ID = {NONE, LZ4, ZSTD, LINE};

  private final byte id;
  private final String label;

  Algorithm(int id, String label) {
    this.id = (byte) id;
    this.label = label;
  }

  /** The number that stands for this algorithm in store files; never changes. */
  public byte id() {
    return id;
  }

  /** Its name on the command line and in statistics. */
  public String label() {
    return label;
  }

  /**
   * The algorithm of a stored id.
   *
   * @throws IllegalArgumentException if no algorithm has this id
   */
  public static Algorithm of(int id) {
    if (id < 0 || id >= BY_ID.length) {
      throw new IllegalArgumentException("unknown algorithm id " + id);
    }
    return BY_ID[id];
  }
}
