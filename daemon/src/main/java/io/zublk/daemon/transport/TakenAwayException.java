package io.zublk.daemon.transport;

import java.io.IOException;

/**
 * Somebody has ended, by another program, what a transport served through, while its process was
 * well: a wish, and not a failure that another process could mend.
 */
public final class TakenAwayException extends IOException {

  private static final long serialVersionUID = 1L;

  public TakenAwayException(String reason, Throwable cause) {
    super(reason, cause);
  }
}
