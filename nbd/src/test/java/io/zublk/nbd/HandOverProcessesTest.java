package io.zublk.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.uring.sys.LinuxSocket;
import io.zublk.uring.sys.PollSet;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A hand-over from one process to another. */
@Timeout(120)
class HandOverProcessesTest {

  private static final int SIZE = 16 << 20;

  @TempDir private Path directory;

  @Test
  void anotherProcessGoesOn() throws Exception {
    Path file = directory.resolve("device");
    Path socket = directory.resolve("socket");
    NbdExport export = new NbdExport("ram", RamDevice.shared(file, SIZE));
    NbdServer server =
        NbdServer.start(NbdAddress.parse("unix:" + socket), export, NbdOptions.defaults());
    byte[] data = new byte[1 << 20];
    new Random(1).nextBytes(data);
    ByteBuffer write = ByteBuffer.allocate(28 + data.length);
    write.putInt(NbdProtocol.REQUEST_MAGIC).putInt(NbdProtocol.CMD_WRITE).putLong(5);
    write.putLong(4096).putInt(data.length).put(data).flip();
    try (NbdTestClient idle = NbdTestClient.connect(server.address(), true);
        NbdTestClient writer = NbdTestClient.connect(server.address(), false)) {
      assertThat(idle.write(8 << 20, data).error()).isZero();
      writer.sendBytes(write.slice(0, 300_000));
      Process successor = successor(file, server);
      try {
        writer.sendBytes(write.slice(300_000, write.capacity() - 300_000));
        assertThat(writer.receive(16).getLong(8)).isEqualTo(5);
        assertThat(writer.read(4096, data.length).data()).isEqualTo(data);
        assertThat(idle.read(8 << 20, data.length).data()).isEqualTo(data);
        try (NbdTestClient next = NbdTestClient.connect(server.address(), true)) {
          assertThat(next.read(4096, data.length).data()).isEqualTo(data);
        }
        successor.outputWriter().close();
        assertThat(successor.waitFor()).isZero();
      } finally {
        successor.destroyForcibly();
      }
      assertThat(idle.isHungUp()).isTrue();
    }
    assertThat(socket).as("the successor's to delete").doesNotExist();
  }

  /** Starts a process that takes the server's clients, and ends the server. */
  private Process successor(Path file, NbdServer server) throws IOException {
    UnixDomainSocketAddress address = UnixDomainSocketAddress.of(directory.resolve("control"));
    try (LinuxSocket listener = LinuxSocket.openListening(address)) {
      listener.bind(address);
      listener.listen(1);
      Process process =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "--enable-native-access=ALL-UNNAMED",
                  "-cp",
                  System.getProperty("java.class.path"),
                  Successor.class.getName(),
                  address.getPath().toString(),
                  file.toString(),
                  Integer.toString(SIZE))
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      assertThat(new PollSet(listener.fd()).await(PollSet.FOR_EVER)).isOne();
      try (LinuxSocket to = listener.accept()) {
        server.handOver(HandOvers.PATIENCE).send(to);
      }
      assertThat(process.inputReader().readLine()).startsWith("serving unix:");
      server.close();
      return process;
    }
  }
}
