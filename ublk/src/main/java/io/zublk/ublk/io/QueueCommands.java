package io.zublk.ublk.io;

import io.zublk.uring.sys.Errnos;
import io.zublk.uring.sys.LinuxException;

/**
 * The commands by which one thread takes requests from the driver and returns their results. They
 * are put into the thread's ring; entering the kernel is somebody else's business.
 *
 * <p>Used by the thread that made it. After {@link #lendLast} nothing allocates.
 */
interface QueueCommands extends AutoCloseable {

  /**
   * Puts into the ring what lends the driver the thread's tags but for the last one.
   *
   * @return how many completions will come of it; a negative result says that it was refused
   */
  int lendAllButOne() throws LinuxException;

  /**
   * Puts into the ring what lends the driver the last tag.
   *
   * @return as {@link #lendAllButOne} does
   */
  int lendLast() throws LinuxException;

  /** Puts into the ring what makes requests come, once all threads have lent their tags. */
  void begin() throws LinuxException;

  /**
   * Returns the result of a request that {@link #take} has left without one; it goes into the ring
   * now, or with {@link #commit}.
   *
   * @param result what the driver is to be told, or {@link TagServer#LATE} for nothing yet
   */
  void answer(int tag, int result) throws LinuxException;

  /**
   * Puts results that are not in the ring yet there, for the driver.
   *
   * @return how many completions will come by themselves, without a request
   */
  int commit() throws LinuxException;

  /**
   * Serves what a completion has brought.
   *
   * @param index its number in the ring's completion queue
   * @throws LinuxException the driver refused a command
   */
  void take(int index) throws LinuxException;

  /** Whether the driver has taken everything back: the device was stopped. */
  boolean ended();

  /** What is thrown when the driver refuses a command, or answers what it may not. */
  static LinuxException broken(String what, int answer) {
    return answer < 0
        ? new LinuxException("ublk: " + what, -answer)
        : new LinuxException("ublk: %s: unexpected %d".formatted(what, answer), Errnos.EIO);
  }

  /** Frees memory that the kernel knew of; the ring must have been closed before. */
  @Override
  void close();
}
