package io.zublk.daemon;

/** A device's control socket does not answer. */
final class NoAnswerException extends UserException {

  private static final long serialVersionUID = 1L;

  NoAnswerException(String message, Throwable cause) {
    super(message, cause);
  }
}
