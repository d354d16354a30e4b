package io.zublk.nbd;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.zublk.store.RamStore;
import java.nio.ByteBuffer;
import java.util.Objects;

/** What a handshake must be answered with and come to, by the protocol document. */
final class ExpectedHandshake {

  private final ByteBuffer client;
  private final ByteBuffer replies;
  private final String export;
  private final boolean noZeroes;
  private boolean structured;
  private String contextExport;

  /** A client's bytes, and what it got for them. */
  ExpectedHandshake(byte[] sent, ByteBuffer replies, String export) {
    this.client = ByteBuffer.wrap(sent);
    this.replies = replies;
    this.export = export;
    require(replies.getLong() == NbdProtocol.MAGIC, "no greeting");
    require(replies.getLong() == NbdProtocol.OPTION_MAGIC, "no greeting");
    int known = replies.getShort();
    int flags = client.remaining() < 4 ? -1 : client.getInt();
    if ((flags & ~known) != 0) {
      client.position(client.limit()); // hung up on
    }
    noZeroes = (flags & NbdProtocol.FLAG_NO_ZEROES) != 0;
  }

  /** Fails if the replies are not right, or {@code session} is not what they say. */
  void check(Session session, int received) {
    Session expected = null;
    boolean goesOn = true;
    for (int options = 0; goesOn && options < Handshake.MAX_OPTIONS; options++) {
      goesOn = false;
      Option next = client.remaining() < 16 ? null : next();
      if (next != null) {
        int option = next.type();
        ByteBuffer data = next.data();
        switch (option) {
          case NbdProtocol.OPT_ABORT -> require(isAcknowledged(option, 0), "an end refused");
          case NbdProtocol.OPT_EXPORT_NAME -> expected = byName(text(data, data.remaining()));
          case NbdProtocol.OPT_GO -> {
            String name = described(option, data);
            goesOn = name == null;
            expected = goesOn ? null : session(name);
          }
          default -> {
            answered(option, data);
            goesOn = true;
          }
        }
      }
    }
    require(!replies.hasRemaining(), "more replies than options");
    require(Objects.equals(session, expected), "agreed on " + session);
    require(session == null || received == client.position(), "requests taken for options");
  }

  private record Option(int type, ByteBuffer data) {}

  /** The next option; null if it is not there as a whole, or one to hang up on. */
  private Option next() {
    boolean magic = client.getLong() == NbdProtocol.OPTION_MAGIC;
    int type = client.getInt();
    int length = client.getInt();
    if (!magic
        || length < 0
        || length > Handshake.MAX_OPTION_BYTES
        || length > client.remaining()) {
      return null;
    }
    ByteBuffer data = client.slice(client.position(), length);
    client.position(client.position() + length);
    return new Option(type, data);
  }

  private Session session(String name) {
    return new Session(structured, structured && name.equals(contextExport));
  }

  private Session byName(String name) {
    if (!isServed(name)) {
      return null;
    }
    require(replies.getLong() == RamStore.BYTES, "another size");
    int _ = replies.getShort();
    for (int i = 0; !noZeroes && i < 124; i++) {
      require(replies.get() == 0, "no zeros");
    }
    return session(name);
  }

  private String described(int option, ByteBuffer data) {
    String name = string(data);
    boolean right =
        name != null
            && isServed(name)
            && data.remaining() >= 2
            && 2 * (data.getShort() & 0xffff) == data.remaining();
    require(isAcknowledged(option, NbdProtocol.REP_INFO) == right, "described wrongly");
    return right ? name : null;
  }

  private void answered(int option, ByteBuffer data) {
    boolean right =
        switch (option) {
          case NbdProtocol.OPT_LIST -> !data.hasRemaining();
          case NbdProtocol.OPT_STRUCTURED_REPLY -> {
            structured |= !data.hasRemaining();
            yield !data.hasRemaining();
          }
          case NbdProtocol.OPT_LIST_META_CONTEXT, NbdProtocol.OPT_SET_META_CONTEXT ->
              context(option, data);
          default -> false;
        };
    if (option == NbdProtocol.OPT_INFO) {
      described(option, data);
    } else {
      int between =
          switch (option) {
            case NbdProtocol.OPT_LIST -> NbdProtocol.REP_SERVER;
            case NbdProtocol.OPT_LIST_META_CONTEXT, NbdProtocol.OPT_SET_META_CONTEXT ->
                NbdProtocol.REP_META_CONTEXT;
            default -> 0;
          };
      require(isAcknowledged(option, between) == right, "not answered rightly: " + option);
    }
  }

  private boolean context(int option, ByteBuffer data) {
    boolean set = option == NbdProtocol.OPT_SET_META_CONTEXT;
    contextExport = set ? null : contextExport;
    String name = string(data);
    long queries = name == null || data.remaining() < 4 ? -1 : data.getInt() & 0xffff_ffffL;
    boolean chosen = false;
    for (long i = 0; i < queries; i++) {
      String query = string(data);
      if (query == null) {
        return false;
      }
      chosen |= query.equals(NbdProtocol.BASE_ALLOCATION);
    }
    boolean right = structured && queries >= 0 && !data.hasRemaining() && isServed(name);
    contextExport = set && right && chosen ? name : contextExport;
    return right;
  }

  /** Takes the replies to an option: any of one kind, and an end, which tells. */
  private boolean isAcknowledged(int option, int between) {
    while (true) {
      require(replies.remaining() >= 20, "no reply to option " + option);
      require(replies.getLong() == NbdProtocol.OPTION_REPLY_MAGIC, "no magic");
      require(replies.getInt() == option, "a reply to another option");
      int type = replies.getInt();
      int length = replies.getInt();
      require(length >= 0 && length <= replies.remaining(), "a reply of " + length + " bytes");
      replies.position(replies.position() + length);
      if (type == NbdProtocol.REP_ACK || type < 0) {
        return type == NbdProtocol.REP_ACK && length == 0;
      }
      require(type == between, "a reply of type " + type);
    }
  }

  private boolean isServed(String name) {
    return name.isEmpty() || name.equals(export);
  }

  private static String string(ByteBuffer data) {
    int length = data.remaining() < 4 ? -1 : data.getInt();
    boolean right =
        length >= 0 && length <= NbdProtocol.MAX_STRING_BYTES && length <= data.remaining();
    return right ? text(data, length) : null;
  }

  private static String text(ByteBuffer data, int length) {
    byte[] bytes = new byte[length];
    data.get(bytes);
    return new String(bytes, UTF_8);
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new AssertionError(otherwise);
    }
  }
}
