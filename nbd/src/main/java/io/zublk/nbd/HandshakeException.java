package io.zublk.nbd;

import java.io.IOException;

/** The client broke the rules of the handshake so that only hanging up is left. */
final class HandshakeException extends IOException {

  private static final long serialVersionUID = 1;

  HandshakeException(String message) {
    super(message);
  }
}
