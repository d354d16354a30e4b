package io.zublk.nbd;

/** An operation that the device answers later, and what is to be done then. Used again. */
final class LateOperation {

  /** What the operation was for. */
  enum Purpose {
    /** A data chunk of a READ, made in the buffer except for the data. */
    CHUNK,
    /** The simple reply to a READ, made likewise. */
    SIMPLE_READ,
    /** A part of a request whose reply has no data. */
    RESULT
  }

  /** How far it is. */
  enum State {
    /** Nobody's. */
    FREE,
    /** The device has a ticket, and has not returned yet. */
    POSTPONED,
    /** The device has returned; the rest below is filled in. */
    LATE,
    /** The result is known. */
    ANSWERED
  }

  final int index;
  Purpose purpose;
  Request request;

  /** Where data comes from or goes to, null if nowhere. */
  TransferBuffer buffer;

  /** The reply to a READ lies in the buffer from here on, header and data, ... */
  int from;

  /** ... up to here. */
  int to;

  /** Of a chunk's data in the device, in bytes. */
  long position;

  // The rest is guarded by the LateOperations.
  State state = State.FREE;
  int uses;
  int result;
  LateOperation next;

  LateOperation(int index) {
    this.index = index;
  }

  /** Makes it a part of a request whose reply has no data. */
  void fillIn(Request of) {
    purpose = Purpose.RESULT;
    request = of;
  }

  /** Makes it the rest of a reply to a READ, header and data. */
  void fillIn(Purpose data, Request of, int start, int end, long at) {
    purpose = data;
    request = of;
    from = start;
    to = end;
    position = at;
  }

  /** Keeps a buffer where it is until the operation is released. */
  void use(TransferBuffer shared) {
    shared.addUser();
    buffer = shared;
  }

  /** No two uses have the same one, until there were 2^32. */
  long ticket() {
    return (long) uses << Integer.SIZE | index;
  }
}
