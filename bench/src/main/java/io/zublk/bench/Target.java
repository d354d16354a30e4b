package io.zublk.bench;

import java.io.IOException;

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

  /** Removes whatever was made for the measurement. */
  @Override
  void close() throws IOException;
}
