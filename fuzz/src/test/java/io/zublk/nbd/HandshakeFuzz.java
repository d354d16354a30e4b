package io.zublk.nbd;

import io.zublk.fuzz.Runs;
import io.zublk.store.RamStore;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Whatever a client sends first: an agreement, a polite end, or it is hung up on. */
@Runs(150_000)
public final class HandshakeFuzz {

  private static final NbdExport EXPORT =
      new NbdExport("disk", "for a fuzzer", RamStore.device(), false);
  private static final TransferBuffer IN = new TransferBuffer();
  private static final TransferBuffer OUT = new TransferBuffer();

  private HandshakeFuzz() {}

  public static void fuzzerTestOneInput(byte[] data) {
    MemoryChannel channel = new MemoryChannel(data, Integer.MAX_VALUE);
    try {
      Session session = new Handshake(channel, EXPORT, IN.bytes(), OUT.bytes()).run();
      if (session != null && session.blockStatus() && !session.structured()) {
        throw new AssertionError("block status without structured replies");
      }
    } catch (IOException e) {
      // hung up on
    }
    checkReplies(channel.replies());
  }

  /** Replies to options have the magic and their lengths add up; the last may be EXPORT_NAME's. */
  private static void checkReplies(ByteBuffer replies) {
    if (replies.getLong() != NbdProtocol.MAGIC || replies.getLong() != NbdProtocol.OPTION_MAGIC) {
      throw new AssertionError("no greeting");
    }
    int _ = replies.getShort();
    while (replies.remaining() >= 20
        && replies.getLong(replies.position()) == NbdProtocol.OPTION_REPLY_MAGIC) {
      int length = replies.getInt(replies.position() + 16);
      replies.position(replies.position() + 20 + length);
    }
    int rest = replies.remaining();
    if (rest != 0 && rest != 10 && rest != 134) {
      throw new AssertionError("a reply of " + rest + " bytes");
    }
  }
}
