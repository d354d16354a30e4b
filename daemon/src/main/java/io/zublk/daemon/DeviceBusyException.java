package io.zublk.daemon;

/** A device refuses because somebody uses it. That may pass. */
public final class DeviceBusyException extends UserException {

  private static final long serialVersionUID = 1L;

  public DeviceBusyException(String message) {
    super(message);
  }
}
