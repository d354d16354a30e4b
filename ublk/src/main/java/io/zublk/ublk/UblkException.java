package io.zublk.ublk;

import io.zublk.uring.sys.Errnos;
import java.io.IOException;

/** The driver refused; the message is one line for the user: what, why, and what to do. */
public final class UblkException extends IOException {

  private static final long serialVersionUID = 1;

  private final int errno;

  /** With the error number that the driver gave. */
  public UblkException(String message, int errno) {
    super(message);
    this.errno = errno;
  }

  /** With the error number EIO: the cause is no answer of the driver's. */
  public UblkException(String message, Throwable cause) {
    super(message, cause);
    this.errno = Errnos.EIO;
  }

  /** The positive error number, one of {@link Errnos}. */
  public int errno() {
    return errno;
  }
}
