package io.zublk.bench;

import io.zublk.daemon.UserException;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** nbdkit's memory plugin: a RAM disk over NBD, plain (malloc) or compressing (zstd). */
final class NbdkitServer implements DeviceTarget {

  private static final int START_LIMIT_MILLIS = 10_000;

  private final String name;
  private final long bytes;
  private final Path directory;
  private final Process process;

  private NbdkitServer(String name, long bytes, Path directory, Process process) {
    this.name = name;
    this.bytes = bytes;
    this.directory = directory;
    this.process = process;
  }

  /**
   * Starts one.
   *
   * @throws UserException if there is no nbdkit, or it has no such allocator
   */
  static NbdkitServer start(String allocator, long bytes) throws IOException {
    Path directory = Files.createTempDirectory("zublk-nbdkit");
    NbdkitServer server = null;
    try {
      Process process = spawn(directory, allocator, bytes);
      server = new NbdkitServer("nbdkit " + allocator, bytes, directory, process);
      server.awaitSocket();
      return server;
    } catch (Throwable t) {
      if (server == null) {
        deleteFiles(directory);
      } else {
        server.close();
      }
      throw t;
    }
  }

  private static Process spawn(Path directory, String allocator, long bytes) {
    ProcessBuilder builder =
        new ProcessBuilder(
            "nbdkit",
            "-f",
            "-U",
            directory.resolve("socket").toString(),
            "memory",
            "size=" + bytes,
            "allocator=" + allocator);
    try {
      return builder
          .redirectInput(Path.of("/dev/null").toFile())
          .redirectErrorStream(true)
          .redirectOutput(directory.resolve("log").toFile())
          .start();
    } catch (IOException e) {
      throw new UserException("nbdkit is missing: apt-get install nbdkit", e);
    }
  }

  private void awaitSocket() throws IOException {
    for (int waited = 0; !isListening(); waited += 10) {
      if (!process.isAlive() || waited > START_LIMIT_MILLIS) {
        String log = Files.readString(directory.resolve("log")).strip();
        throw new UserException(name + " did not start: " + log.lines().findFirst().orElse(""));
      }
      Cleanup.sleep(10);
    }
  }

  /** The socket's file is there before anybody listens. */
  private boolean isListening() {
    var socket = UnixDomainSocketAddress.of(directory.resolve("socket"));
    try (var _ = SocketChannel.open(socket)) {
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  long pid() {
    return process.pid();
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public long sizeBytes() {
    return bytes;
  }

  @Override
  public Address address() {
    return new Address("nbd+unix:///?socket=" + directory.resolve("socket"));
  }

  @Override
  public Optional<MemoryUse> memory() {
    return Optional.empty();
  }

  @Override
  public void close() throws IOException {
    process.destroy();
    try {
      if (!process.waitFor(5, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
    deleteFiles(directory);
  }

  private static void deleteFiles(Path directory) throws IOException {
    Files.deleteIfExists(directory.resolve("socket"));
    Files.deleteIfExists(directory.resolve("log"));
    Files.deleteIfExists(directory);
  }
}
