package io.zublk.nbd;

import io.zublk.fuzz.Runs;
import io.zublk.store.RamStore;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Whatever a client sends first: an agreement, a polite end, or it is hung up on, by the protocol
 * document, and the same if its bytes come one by one.
 */
@Runs(100_000)
public final class HandshakeFuzz {

  private static final String NAME = "disk";
  private static final NbdExport EXPORT =
      new NbdExport(NAME, "for a fuzzer", RamStore.device(), false);
  private static final TransferBuffer IN = new TransferBuffer();
  private static final TransferBuffer OUT = new TransferBuffer();

  private HandshakeFuzz() {}

  public static void fuzzerTestOneInput(byte[] data) {
    ByteBuffer replies = talk(new MemorySocket(data, Integer.MAX_VALUE), data);
    if (!replies.equals(talk(new MemorySocket(data, 1), data))) {
      throw new AssertionError("other replies if it comes byte by byte");
    }
  }

  private static ByteBuffer talk(MemorySocket socket, byte[] data) {
    Session session = null;
    try {
      session = new Handshake(socket, EXPORT, Negotiation.BEGIN, new byte[0], IN, OUT).run();
    } catch (IOException e) {
      // hung up on
    }
    new ExpectedHandshake(data, socket.replies(), NAME).check(session, socket.received());
    return socket.replies();
  }
}
