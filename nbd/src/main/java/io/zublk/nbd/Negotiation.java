package io.zublk.nbd;

/**
 * What was said so far in a handshake that is not at its end.
 *
 * @param next what comes next
 * @param noZeroes whether the client wants no padding in the reply to EXPORT_NAME
 * @param structured whether it chose structured replies
 * @param contextExport the export for which it chose {@code base:allocation}, null if for none
 */
record Negotiation(Step next, boolean noZeroes, boolean structured, String contextExport)
    implements Stage {

  enum Step {
    /** The server greets. */
    GREETING,
    /** The client answers the greeting with its flags. */
    CLIENT_FLAGS,
    /** The client sends an option. */
    OPTIONS
  }

  /** With a client that has just connected. */
  static final Negotiation BEGIN = new Negotiation(Step.GREETING, false, false, null);
}
