package io.zublk.nbd;

import io.zublk.block.Geometry;
import io.zublk.nbd.Negotiation.Step;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * The fixed newstyle negotiation ("Newstyle negotiation", "Fixed newstyle negotiation", "Option
 * types"): what is served, and in which dialect.
 *
 * <p>Memory is bounded by {@link #MAX_OPTION_BYTES}, work by {@link #MAX_OPTIONS}, time by the
 * server, which closes the channel when it takes too long. Who exceeds a bound is hung up on.
 */
final class Handshake {

  private static final int FLAGS_BYTES = 4;
  private static final int OPTION_HEADER_BYTES = 16;

  /**
   * The most data an option may carry, in bytes. The longest useful one, a choice of metadata
   * contexts, has a name and three queries of the greatest length the document allows.
   */
  static final int MAX_OPTION_BYTES = 16 << 10;

  /** The longest that a client says at a time, with its header. */
  static final int MAX_MESSAGE_BYTES = OPTION_HEADER_BYTES + MAX_OPTION_BYTES;

  /** The most options in one handshake; nbdinfo, the most curious client, sends about ten. */
  static final int MAX_OPTIONS = 64;

  private static final int EXPORT_NAME_PADDING_BYTES = 124;

  private final ClientSocket socket;
  private final NbdExport export;
  private final MemorySegment inMemory;
  private final ByteBuffer in;
  private final MemorySegment outMemory;
  private final ByteBuffer out;

  /** What another server had received, and has not been used yet. */
  private final ByteBuffer before;

  /**
   * How much of what the client says at a time has come; it lies at the beginning of {@code in}.
   */
  private int received;

  private Step next;
  private boolean noZeroes;
  private boolean structured;
  private boolean heard;

  /** The export for which {@code base:allocation} was chosen, null if it was not. */
  private String contextExport;

  /**
   * Prepares a handshake, or the rest of one.
   *
   * @param begin where it begins
   * @param before what was received then and not used
   * @param in scratch memory of at least {@link #MAX_MESSAGE_BYTES}
   * @param out scratch memory for replies, of which none is longer than 16 KiB
   */
  Handshake(
      ClientSocket socket,
      NbdExport export,
      Negotiation begin,
      byte[] before,
      TransferBuffer in,
      TransferBuffer out) {
    this.socket = socket;
    this.export = export;
    this.before = ByteBuffer.wrap(before);
    this.inMemory = in.segment();
    this.in = in.bytes().duplicate();
    this.outMemory = out.segment();
    this.out = out.bytes().duplicate();
    this.next = begin.next();
    this.noZeroes = begin.noZeroes();
    this.structured = begin.structured();
    this.contextExport = begin.contextExport();
    this.heard = next == Step.OPTIONS;
  }

  /**
   * Talks with the client until it chooses an export or leaves.
   *
   * @return what was agreed, or null if the client politely left
   * @throws HandshakeException if the client must be hung up on
   * @throws StoppedException if the server stopped between two options
   */
  Session run() throws IOException {
    if (next == Step.GREETING) {
      greet();
      next = Step.CLIENT_FLAGS;
    }
    if (next == Step.CLIENT_FLAGS) {
      receiveFlags();
      next = Step.OPTIONS;
    }
    for (int options = 0; options < MAX_OPTIONS; options++) {
      received = 0;
      receive(0, OPTION_HEADER_BYTES);
      if (in.getLong() != NbdProtocol.OPTION_MAGIC) {
        throw new HandshakeException("an option without the magic number");
      }
      int option = in.getInt();
      int length = in.getInt();
      if (length < 0 || length > MAX_OPTION_BYTES) {
        throw new HandshakeException(
            "option " + option + " of " + Integer.toUnsignedString(length) + " bytes");
      }
      receive(OPTION_HEADER_BYTES, length);
      switch (option) {
        case NbdProtocol.OPT_ABORT -> {
          reply(option, NbdProtocol.REP_ACK);
          return null;
        }
        case NbdProtocol.OPT_EXPORT_NAME -> {
          return enterByName(length);
        }
        case NbdProtocol.OPT_GO -> {
          String name = describe(option);
          if (name != null) {
            return session(name);
          }
        }
        default -> answer(option, length);
      }
    }
    throw new HandshakeException("more than " + MAX_OPTIONS + " options");
  }

  /** Whether the client said anything: one that did not only wanted to know who listens. */
  boolean heard() {
    return heard;
  }

  /** How far it is, after it was stopped. */
  Negotiation negotiation() {
    return new Negotiation(next, noZeroes, structured, contextExport);
  }

  /** What has come of what the client was saying when it was stopped. */
  byte[] unused() {
    byte[] unused = new byte[received];
    in.clear().get(unused);
    return unused;
  }

  private void greet() throws IOException {
    out.clear();
    out.putLong(NbdProtocol.MAGIC);
    out.putLong(NbdProtocol.OPTION_MAGIC);
    out.putShort((short) (NbdProtocol.FLAG_FIXED_NEWSTYLE | NbdProtocol.FLAG_NO_ZEROES));
    send();
  }

  private void receiveFlags() throws IOException {
    receive(0, FLAGS_BYTES);
    int flags = in.getInt();
    if ((flags & ~(NbdProtocol.FLAG_FIXED_NEWSTYLE | NbdProtocol.FLAG_NO_ZEROES)) != 0) {
      throw new HandshakeException("unknown client flags 0x" + Integer.toHexString(flags));
    }
    noZeroes = (flags & NbdProtocol.FLAG_NO_ZEROES) != 0;
  }

  /** Answers an option that does not end the negotiation. */
  private void answer(int option, int length) throws IOException {
    switch (option) {
      case NbdProtocol.OPT_INFO -> describe(option);
      case NbdProtocol.OPT_LIST -> list(length);
      case NbdProtocol.OPT_STRUCTURED_REPLY -> {
        structured |= length == 0;
        reply(option, length == 0 ? NbdProtocol.REP_ACK : NbdProtocol.REP_ERR_INVALID);
      }
      case NbdProtocol.OPT_LIST_META_CONTEXT, NbdProtocol.OPT_SET_META_CONTEXT ->
          metaContext(option);
      // STARTTLS: this server has no TLS ("NOTLS mode"). EXTENDED_HEADERS: requests of more than
      // 4 GiB; no client needs them from a device in memory.
      default -> reply(option, NbdProtocol.REP_ERR_UNSUP);
    }
  }

  // ---- choosing an export

  /** EXPORT_NAME has no error reply: who asks for another export is hung up on. */
  private Session enterByName(int length) throws IOException {
    String name = string(length);
    if (!isServed(name)) {
      throw new HandshakeException("no export '" + name + "'");
    }
    out.clear();
    out.putLong(export.device().geometry().sizeBytes());
    out.putShort((short) transmissionFlags());
    if (!noZeroes) {
      out.put(new byte[EXPORT_NAME_PADDING_BYTES]);
    }
    send();
    return session(name);
  }

  private Session session(String name) {
    return new Session(structured, structured && name.equals(contextExport));
  }

  private boolean isServed(String name) {
    return name.isEmpty() || name.equals(export.name());
  }

  /** INFO and GO: tells about an export; returns its name, or null if the option failed. */
  private String describe(int option) throws IOException {
    String name = lengthAndString();
    if (name == null || in.remaining() < 2) {
      reply(option, NbdProtocol.REP_ERR_INVALID);
      return null;
    }
    int count = in.getShort() & 0xffff;
    if (in.remaining() != 2 * count) {
      reply(option, NbdProtocol.REP_ERR_INVALID);
      return null;
    }
    if (!isServed(name)) {
      reply(option, NbdProtocol.REP_ERR_UNKNOWN);
      return null;
    }
    boolean[] wanted = new boolean[NbdProtocol.INFO_BLOCK_SIZE + 1];
    for (int i = 0; i < count; i++) {
      int info = in.getShort() & 0xffff;
      if (info < wanted.length) {
        wanted[info] = true;
      }
    }
    out.clear();
    addExportInfo(option);
    if (wanted[NbdProtocol.INFO_NAME]) {
      addTextInfo(option, NbdProtocol.INFO_NAME, export.name());
    }
    if (wanted[NbdProtocol.INFO_DESCRIPTION] && !export.description().isEmpty()) {
      addTextInfo(option, NbdProtocol.INFO_DESCRIPTION, export.description());
    }
    addBlockSizeInfo(option);
    addReply(option, NbdProtocol.REP_ACK, 0);
    send();
    return name;
  }

  private void addExportInfo(int option) {
    addReply(option, NbdProtocol.REP_INFO, 12);
    out.putShort((short) NbdProtocol.INFO_EXPORT);
    out.putLong(export.device().geometry().sizeBytes());
    out.putShort((short) transmissionFlags());
  }

  private void addTextInfo(int option, int type, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    addReply(option, NbdProtocol.REP_INFO, 2 + bytes.length);
    out.putShort((short) type);
    out.put(bytes);
  }

  /** Any alignment is served, whole pages best ("Block size constraints"). */
  private void addBlockSizeInfo(int option) {
    addReply(option, NbdProtocol.REP_INFO, 14);
    out.putShort((short) NbdProtocol.INFO_BLOCK_SIZE);
    out.putInt(1);
    out.putInt(Geometry.PAGE_BYTES);
    out.putInt(NbdProtocol.MAX_PAYLOAD_BYTES);
  }

  private int transmissionFlags() {
    return NbdProtocol.FLAG_HAS_FLAGS
        | (export.readOnly() ? NbdProtocol.FLAG_READ_ONLY : 0)
        | NbdProtocol.FLAG_SEND_FLUSH
        | NbdProtocol.FLAG_SEND_FUA
        | NbdProtocol.FLAG_SEND_TRIM
        | NbdProtocol.FLAG_SEND_WRITE_ZEROES
        | (structured ? NbdProtocol.FLAG_SEND_DF : 0)
        | NbdProtocol.FLAG_CAN_MULTI_CONN
        | NbdProtocol.FLAG_SEND_CACHE
        | NbdProtocol.FLAG_SEND_FAST_ZERO;
  }

  // ---- asking what there is

  private void list(int length) throws IOException {
    if (length != 0) {
      reply(NbdProtocol.OPT_LIST, NbdProtocol.REP_ERR_INVALID);
      return;
    }
    byte[] name = export.name().getBytes(StandardCharsets.UTF_8);
    byte[] description = export.description().getBytes(StandardCharsets.UTF_8);
    out.clear();
    addReply(NbdProtocol.OPT_LIST, NbdProtocol.REP_SERVER, 4 + name.length + description.length);
    out.putInt(name.length);
    out.put(name);
    out.put(description);
    addReply(NbdProtocol.OPT_LIST, NbdProtocol.REP_ACK, 0);
    send();
  }

  /** LIST_META_CONTEXT and SET_META_CONTEXT: the only context is {@code base:allocation}. */
  private void metaContext(int option) throws IOException {
    boolean set = option == NbdProtocol.OPT_SET_META_CONTEXT;
    if (set) {
      contextExport = null;
    }
    String name = lengthAndString();
    if (!structured || name == null || in.remaining() < 4) {
      reply(option, NbdProtocol.REP_ERR_INVALID);
      return;
    }
    int queries = in.getInt();
    boolean matched = queries == 0 && !set;
    for (int i = 0; i < queries; i++) {
      String query = lengthAndString();
      if (query == null) {
        reply(option, NbdProtocol.REP_ERR_INVALID);
        return;
      }
      matched |= query.equals(NbdProtocol.BASE_ALLOCATION) || (!set && query.equals("base:"));
    }
    if (queries < 0 || in.hasRemaining()) {
      reply(option, NbdProtocol.REP_ERR_INVALID);
    } else if (!isServed(name)) {
      reply(option, NbdProtocol.REP_ERR_UNKNOWN);
    } else {
      replyContexts(option, set, matched);
      contextExport = set && matched ? name : contextExport;
    }
  }

  private void replyContexts(int option, boolean set, boolean matched) throws IOException {
    out.clear();
    if (matched) {
      byte[] name = NbdProtocol.BASE_ALLOCATION.getBytes(StandardCharsets.US_ASCII);
      addReply(option, NbdProtocol.REP_META_CONTEXT, 4 + name.length);
      out.putInt(set ? NbdProtocol.BASE_ALLOCATION_ID : 0);
      out.put(name);
    }
    addReply(option, NbdProtocol.REP_ACK, 0);
    send();
  }

  // ---- bytes

  /** A string with its length before it, null if the option does not hold one. */
  private String lengthAndString() {
    if (in.remaining() < 4) {
      return null;
    }
    int length = in.getInt();
    if (length < 0 || length > NbdProtocol.MAX_STRING_BYTES || length > in.remaining()) {
      return null;
    }
    return string(length);
  }

  private String string(int length) {
    byte[] bytes = new byte[length];
    in.get(bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private void reply(int option, int type) throws IOException {
    out.clear();
    addReply(option, type, 0);
    send();
  }

  private void addReply(int option, int type, int length) {
    out.putLong(NbdProtocol.OPTION_REPLY_MAGIC);
    out.putInt(option);
    out.putInt(type);
    out.putInt(length);
  }

  private void send() throws IOException {
    int begin = 0;
    while (begin < out.position()) {
      int sent = socket.send(outMemory, begin, out.position() - begin);
      if (sent < 0) {
        throw new HandshakeException("the client left in the handshake");
      }
      begin += sent;
    }
  }

  /** Receives exactly so many bytes: what follows may already be a request. */
  private void receive(int offset, int length) throws IOException {
    int end = offset + length;
    in.clear();
    while (received < end) {
      int count = receiveUpTo(end);
      if (count == 0) {
        throw new HandshakeException("the client left in the handshake");
      }
      received += count;
      heard = true;
    }
    in.limit(end).position(offset);
  }

  private int receiveUpTo(int end) throws IOException {
    int count = Math.min(before.remaining(), end - received);
    if (count == 0) {
      return socket.receive(inMemory, received, end - received, true);
    }
    in.put(received, before, before.position(), count);
    before.position(before.position() + count);
    return count;
  }
}
