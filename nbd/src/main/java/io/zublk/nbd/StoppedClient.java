package io.zublk.nbd;

import io.zublk.uring.sys.LinuxSocket;

/**
 * A client between two of its requests or options, whose replies were all sent: any server of the
 * same export can go on with it.
 *
 * @param stage how far it is
 * @param received the bytes that came from it and are to be used next
 */
@SuppressWarnings("ArrayRecordComponent") // a carrier of bytes, never compared
record StoppedClient(LinuxSocket socket, Stage stage, byte[] received) {

  /** The most bytes received: a buffer full, and the header of a WRITE whose rest they are. */
  static final int MAX_RECEIVED_BYTES = TransferBuffer.CAPACITY_BYTES;

  /** One that has just connected. */
  static StoppedClient connected(LinuxSocket socket) {
    return new StoppedClient(socket, Negotiation.BEGIN, new byte[0]);
  }
}
