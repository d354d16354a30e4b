package io.zublk.nbd;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.zublk.block.BlockDevice;
import io.zublk.uring.sys.LinuxSocket;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;

/**
 * A hand-over within this process, of a client that has nothing to lose: what a JVM does for the
 * first time takes it a hundred times as long, and clients would wait for that. Both ends of a
 * hand-over do well to have rehearsed it.
 */
public final class NbdRehearsal {

  private static final int BLOCK_BYTES = 4096;

  /** What runs so often is compiled. */
  private static final int REQUESTS = 300;

  private static final int HAND_OVERS = 3;
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final NbdExport export;
  private final NbdOptions options;
  private final MemorySegment request;
  private final MemorySegment block;
  private final MemorySegment header;
  private LinuxSocket client;
  private NbdServer server;

  private NbdRehearsal(NbdExport export, NbdOptions options, Arena arena) {
    this.export = export;
    this.options = options;
    this.request = arena.allocate(NbdProtocol.REQUEST_BYTES);
    this.block = arena.allocate(BLOCK_BYTES);
    this.header = arena.allocate(NbdProtocol.SIMPLE_REPLY_BYTES);
  }

  /**
   * Serves, hands over, and serves on, a few times.
   *
   * @param device of at least two pages, whose contents are nobody's
   * @param socket where to listen meanwhile
   */
  public static void run(BlockDevice device, NbdOptions options, Path socket) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      new NbdRehearsal(new NbdExport("", device), options, arena).run(new NbdAddress.Unix(socket));
    }
  }

  private void run(NbdAddress.Unix address) throws IOException {
    server = NbdServer.start(address, export, options);
    try {
      client = LinuxSocket.connect(UnixDomainSocketAddress.of(address.path()));
      try {
        greet();
        use();
        for (int i = 0; i < HAND_OVERS; i++) {
          handOver();
          use();
        }
      } finally {
        client.close();
      }
    } finally {
      server.close();
    }
  }

  private void greet() throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      client.receiveAll(arena.allocate(18));
      ByteBuffer choice = ByteBuffer.allocate(20);
      choice.putInt(NbdProtocol.FLAG_FIXED_NEWSTYLE | NbdProtocol.FLAG_NO_ZEROES);
      choice.putLong(NbdProtocol.OPTION_MAGIC).putInt(NbdProtocol.OPT_EXPORT_NAME).putInt(0);
      client.sendAll(arena.allocateFrom(JAVA_BYTE, choice.array()));
      client.receiveAll(arena.allocate(10));
    }
  }

  private void use() throws IOException {
    for (int i = 0; i < REQUESTS; i++) {
      ask(NbdProtocol.CMD_WRITE);
      client.sendAll(block);
      client.receiveAll(header);
      ask(NbdProtocol.CMD_READ);
      client.receiveAll(header);
      client.receiveAll(block);
    }
  }

  private void ask(int command) throws IOException {
    ByteBuffer bytes = request.asByteBuffer();
    bytes.putInt(NbdProtocol.REQUEST_MAGIC).putInt(command).putLong(0);
    bytes.putLong(BLOCK_BYTES).putInt(BLOCK_BYTES);
    client.sendAll(request);
  }

  private void handOver() throws IOException {
    LinuxSocket[] ends = LinuxSocket.pair();
    try {
      NbdHandOver given = server.handOver(PATIENCE);
      given.send(ends[0]); // of one client: the socket holds it
      NbdHandOver taken = NbdHandOver.receive(ends[1]);
      server.close();
      server = NbdServer.resume(taken, export, options, (_, _) -> {});
    } finally {
      ends[0].close();
      ends[1].close();
    }
  }
}
