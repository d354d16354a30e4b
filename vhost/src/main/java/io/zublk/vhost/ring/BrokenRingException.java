package io.zublk.vhost.ring;

/** The client broke a rule of the ring, so that what is in it has no meaning any more. */
public final class BrokenRingException extends Exception {

  private static final long serialVersionUID = 1;

  /** Says in a line what is wrong. */
  public BrokenRingException(String reason) {
    super(reason, null, false, false);
  }
}
