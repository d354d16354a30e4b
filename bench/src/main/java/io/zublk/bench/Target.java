package io.zublk.bench;

import java.io.IOException;
import java.util.Optional;

/** Something that is measured: a page store, a block device, an NBD export. */
interface Target extends AutoCloseable {

  /** What tables call it. */
  String name();

  long sizeBytes();

  /** A lane for one thread. */
  Lane openLane() throws IOException;

  /**
   * Waits until nothing is left to do of what was written: a later measurement would pay for it.
   */
  default void settle() {}

  /** What the target says of its memory; empty if it says nothing. */
  default Optional<MemoryUse> memory() throws IOException {
    return Optional.empty();
  }

  /** Removes whatever was made for the measurement. */
  @Override
  void close() throws IOException;

  /** Bytes by zram's definitions: of pages, of their compressed form, of everything. */
  record MemoryUse(long orig, long compr, long used) {}
}
