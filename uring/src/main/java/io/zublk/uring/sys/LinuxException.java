package io.zublk.uring.sys;

import java.io.IOException;

/** A system call failed: which, and why. Thrown where things are set up, never per I/O request. */
public final class LinuxException extends IOException {

  private static final long serialVersionUID = 1;

  private final String call;
  private final int errno;

  /**
   * Describes a failure.
   *
   * @param call the call, with what it was applied to where that helps: {@code open /dev/null}
   * @param errno the positive error number
   */
  public LinuxException(String call, int errno) {
    super(call + ": " + Errnos.message(errno) + " (" + Errnos.name(errno) + ")");
    this.call = call;
    this.errno = errno;
  }

  /** The call that failed. */
  public String call() {
    return call;
  }

  /** The positive error number, one of {@link Errnos}. */
  public int errno() {
    return errno;
  }
}
