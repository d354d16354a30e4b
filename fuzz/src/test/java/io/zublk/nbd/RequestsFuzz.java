package io.zublk.nbd;

import io.zublk.block.BlockChannel;
import io.zublk.block.RateLimitedLog;
import io.zublk.fuzz.Runs;
import io.zublk.store.RamStore;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/**
 * Any requests, well-formed or not, after a handshake that agrees on anything: each gets the reply
 * that the protocol and a plain array of bytes would give.
 *
 * <pre>
 *   input: options | bytes per receive | request : 8 ...
 *   request: type | flags | position : 3 | length : 3
 * </pre>
 */
@Runs(10_000)
public final class RequestsFuzz {

  private static final int STRUCTURED = 1;
  private static final int CONTEXT = 2;
  private static final int READ_ONLY = 4;
  private static final int IN_PARTS = 8;

  private static final int MAX_REQUESTS = 32;
  private static final int REQUEST_BYTES = 8;

  /** Positions and lengths from here on stand for the greatest there are. */
  private static final int HUGE = 0xf0_0000;

  private static final ConnectionMemory MEMORY = new ConnectionMemory();
  private static final RateLimitedLog LOG = new RateLimitedLog("io.zublk.nbd");
  private static final WorkerPool NO_WORKERS = new WorkerPool(RamStore.device(), 0, LOG);
  private static final List<LogRecord> FAULTS = new ArrayList<>();

  /** Only told of connections' ends. */
  private static final Connections ALL = connections();

  private RequestsFuzz() {}

  private static Connections connections() {
    Logger.getLogger("io.zublk.nbd").addHandler(new Faults());
    NbdOptions options = NbdOptions.defaults().withWorkers(0).withDrainTimeout(Duration.ZERO);
    Connections none =
        new Connections(new NbdExport("", RamStore.device()), options, NO_WORKERS, LOG);
    none.abandon(); // a connection that is stopped ends
    return none;
  }

  /** Connections log their own faults and go on with the next client; here they must not. */
  private static final class Faults extends Handler {
    @Override
    public void publish(LogRecord line) {
      if (line.getLevel().intValue() > java.util.logging.Level.INFO.intValue()) {
        FAULTS.add(line);
      }
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }

  public static void fuzzerTestOneInput(byte[] data) throws IOException {
    if (data.length < 2 + REQUEST_BYTES) {
      return;
    }
    int options = data[0];
    boolean structured = (options & STRUCTURED) != 0;
    Session session = new Session(structured, structured && (options & CONTEXT) != 0);
    boolean readOnly = (options & READ_ONLY) != 0;
    List<SentRequest> requests = requests(data);
    int perReceive =
        (options & IN_PARTS) == 0 ? Integer.MAX_VALUE : 1 + (data[1] & 0xff) * (data[1] & 0xff);
    clear();
    MemorySocket socket = new MemorySocket(sent(session, requests), perReceive);
    new NbdConnection(
            ALL,
            new NbdPeer("", 0),
            socket,
            StoppedClient.connected(null),
            new NbdExport("", "", RamStore.device(), readOnly),
            NO_WORKERS,
            MEMORY,
            Long.MAX_VALUE)
        .run();
    if (!FAULTS.isEmpty()) {
      throw new AssertionError(FAULTS.getFirst().getMessage(), FAULTS.getFirst().getThrown());
    }
    ByteBuffer replies = socket.replies();
    skipHandshake(replies);
    new ExpectedReplies(session, readOnly).check(requests, replies);
  }

  private static void clear() {
    try (BlockChannel channel = RamStore.device().openChannel()) {
      int _ = channel.discard(0, RamStore.BYTES);
    }
  }

  private static List<SentRequest> requests(byte[] data) {
    List<SentRequest> requests = new ArrayList<>();
    for (int at = 2;
        at + REQUEST_BYTES <= data.length && requests.size() < MAX_REQUESTS;
        at += REQUEST_BYTES) {
      int position = u24(data, at + 2);
      int length = u24(data, at + 5);
      requests.add(
          new SentRequest(
              data[at] & 0xff,
              data[at + 1] & 0xff,
              requests.size() + 1L,
              position >= HUGE ? -1L - (position & 0xffff) : near(position),
              length >= HUGE ? 0xffff_0000L | (length & 0xffff) : near(length)));
    }
    return requests;
  }

  /** Inside of the device, or not far beyond its end. */
  private static long near(int number) {
    return number % (RamStore.BYTES + 8192);
  }

  private static int u24(byte[] data, int at) {
    return (data[at] & 0xff) << 16 | (data[at + 1] & 0xff) << 8 | (data[at + 2] & 0xff);
  }

  private static byte[] sent(Session session, List<SentRequest> requests) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    out.writeInt(NbdProtocol.FLAG_FIXED_NEWSTYLE | NbdProtocol.FLAG_NO_ZEROES);
    if (session.structured()) {
      option(out, NbdProtocol.OPT_STRUCTURED_REPLY, 0);
    }
    if (session.blockStatus()) {
      byte[] name = NbdProtocol.BASE_ALLOCATION.getBytes(StandardCharsets.US_ASCII);
      option(out, NbdProtocol.OPT_SET_META_CONTEXT, 12 + name.length);
      out.writeInt(0);
      out.writeInt(1);
      out.writeInt(name.length);
      out.write(name);
    }
    option(out, NbdProtocol.OPT_GO, 6);
    out.writeInt(0);
    out.writeShort(0);
    for (SentRequest request : requests) {
      out.writeInt(NbdProtocol.REQUEST_MAGIC);
      out.writeShort(request.flags());
      out.writeShort(request.type());
      out.writeLong(request.cookie());
      out.writeLong(request.position());
      out.writeInt((int) request.length());
      if (request.type() == NbdProtocol.CMD_WRITE) {
        if (request.length() > RamStore.BYTES + 8192) {
          break; // the client leaves instead of sending so much
        }
        out.write(ExpectedReplies.payload(request));
      }
    }
    return bytes.toByteArray();
  }

  private static void option(DataOutputStream out, int option, int length) throws IOException {
    out.writeLong(NbdProtocol.OPTION_MAGIC);
    out.writeInt(option);
    out.writeInt(length);
  }

  private static void skipHandshake(ByteBuffer replies) {
    replies.position(18);
    while (replies.remaining() >= 20
        && replies.getLong(replies.position()) == NbdProtocol.OPTION_REPLY_MAGIC) {
      replies.position(replies.position() + 20 + replies.getInt(replies.position() + 16));
    }
  }
}
