package io.zublk.vhost.protocol;

import java.io.IOException;

/** A client asked for what cannot be: its connection ends, or it gets a refusal if it waits. */
final class ProtocolException extends IOException {

  private static final long serialVersionUID = 1;

  ProtocolException(String reason) {
    super(reason);
  }
}
