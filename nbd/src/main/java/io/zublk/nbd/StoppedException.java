package io.zublk.nbd;

import java.io.IOException;

/** The server has stopped a connection between two requests; it may go on later. */
final class StoppedException extends IOException {

  private static final long serialVersionUID = 1;

  StoppedException() {
    super("the server stops");
  }
}
