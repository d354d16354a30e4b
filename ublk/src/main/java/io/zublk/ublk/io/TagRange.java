package io.zublk.ublk.io;

/**
 * The tags of one of several threads that serve a queue: every {@code step}-th one from {@code
 * first} on. Neighbouring tags go to different threads, because the block layer gives out low tags
 * first.
 *
 * @param first the first one, below the step
 * @param step how many threads there are
 * @param depth how many tags the queue has
 */
record TagRange(int first, int step, int depth) {

  TagRange {
    assert first >= 0 && first < step && step <= depth;
  }

  /** Whether a tag is the thread's own. */
  boolean has(int tag) {
    return tag >= 0 && tag < depth && tag % step == first;
  }

  /** How many tags are the thread's own. */
  int count() {
    return (depth - first + step - 1) / step;
  }
}
