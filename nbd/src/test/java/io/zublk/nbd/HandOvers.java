package io.zublk.nbd;

import io.zublk.block.BlockDevice;
import io.zublk.uring.sys.LinuxSocket;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A server that is replaced by another one, of the same device, as often as a test wants. */
final class HandOvers implements AutoCloseable {

  static final Duration PATIENCE = Duration.ofSeconds(30);

  private final Path directory = Files.createTempDirectory("nbd");
  private final NbdExport export;
  private final NbdOptions options;
  private final List<Long> pauses = new ArrayList<>();
  private NbdServer server;

  HandOvers(BlockDevice device, NbdOptions options, boolean tcp) throws IOException {
    this.export = new NbdExport("ram", device);
    this.options = options;
    NbdAddress address =
        NbdAddress.parse(tcp ? "tcp:127.0.0.1:0" : "unix:" + directory.resolve("socket"));
    server = NbdServer.start(address, export, options);
  }

  NbdServer server() {
    return server;
  }

  NbdAddress address() {
    return server.address();
  }

  /** Gives the clients to a new server, through a socket as between processes. */
  void next() throws IOException {
    LinuxSocket[] control = LinuxSocket.pair();
    long begin = System.nanoTime();
    NbdHandOver given = server.handOver(PATIENCE);
    Thread sender = Thread.ofPlatform().start(() -> send(given, control[0]));
    NbdHandOver taken = NbdHandOver.receive(control[1]);
    join(sender);
    server.close();
    server = NbdServer.resume(taken, export, options, (_, _) -> {});
    pauses.add(System.nanoTime() - begin);
    control[0].close();
    control[1].close();
  }

  /** How long nothing was served, of each hand-over in turn, in nanoseconds. */
  List<Long> pauses() {
    return pauses;
  }

  private static void send(NbdHandOver given, LinuxSocket to) {
    try {
      given.send(to);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
    Files.delete(directory); // fails if the last server left the first one's socket behind
  }
}
