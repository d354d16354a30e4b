package io.zublk.nbd;

import io.zublk.block.BlockDevice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A server of a device on a socket of its own in a temporary directory. */
final class TestServer implements AutoCloseable {

  private final Path directory;
  private final NbdServer server;

  TestServer(BlockDevice device, NbdOptions options) throws IOException {
    directory = Files.createTempDirectory("nbd");
    NbdAddress address = new NbdAddress.Unix(directory.resolve("socket"));
    server = NbdServer.start(address, new NbdExport("ram", "a disk", device, false), options);
  }

  TestServer(long sizeBytes) throws IOException {
    this(new RamDevice(sizeBytes), NbdOptions.defaults());
  }

  NbdServer server() {
    return server;
  }

  NbdAddress address() {
    return server.address();
  }

  String uri() {
    return server.uri().toString();
  }

  @Override
  public void close() throws IOException {
    server.close();
    Files.delete(directory); // fails if the server left its socket behind
  }
}
