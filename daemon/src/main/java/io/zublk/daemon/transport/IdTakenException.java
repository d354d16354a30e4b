package io.zublk.daemon.transport;

import io.zublk.daemon.UserException;

/** Another program has the id that a device was to have. */
public final class IdTakenException extends UserException {

  private static final long serialVersionUID = 1L;

  IdTakenException(int id, Throwable cause) {
    super(message(id), cause);
  }

  /** What the user is told who asked for this id. */
  public static String message(int id) {
    return "id " + id + " is taken by a ublk device of another program; choose another";
  }
}
