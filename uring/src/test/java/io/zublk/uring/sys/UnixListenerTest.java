package io.zublk.uring.sys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class UnixListenerTest {

  private static final int BACKLOG = 16;

  @TempDir private Path directory;

  private static UnixListener open(Path socket) throws IOException {
    return UnixListener.open(socket, SocketAccess.OWNER, BACKLOG);
  }

  private static SocketChannel connect(Path socket) throws IOException {
    return SocketChannel.open(UnixDomainSocketAddress.of(socket));
  }

  private static void leaveDeadSocket(Path path) throws IOException {
    try (ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      dead.bind(UnixDomainSocketAddress.of(path));
    }
    assertThat(path).exists();
  }

  private static void assertLeftAlone(Path path) {
    assertThatThrownBy(() -> open(path))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("choose another path")
        .hasMessageNotContaining("\n");
    assertThat(path).exists();
  }

  /** The system's names of clients' and servers' paths are as long as this, and no longer. */
  @ParameterizedTest
  @ValueSource(ints = {90, 100, 106})
  void replacesADeadSocketWithAPathOfAnyLength(int length) throws IOException {
    int name = length - directory.toString().length() - 1;
    Path socket = directory.resolve("x".repeat(name));
    assertThat(socket.toString()).hasSize(length);
    leaveDeadSocket(socket);
    try (UnixListener listener = open(socket);
        SocketChannel client = connect(socket)) {
      assertThat(client.isConnected()).isTrue();
      assertThat(listener.isFound()).isTrue();
      assertThat(directory.toFile().list()).containsExactly(socket.getFileName().toString());
    }
    assertThat(directory).isEmptyDirectory();
  }

  @Test
  void leavesAFifoAlone() throws Exception {
    Path fifo = directory.resolve("fifo");
    assertThat(new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor()).isZero();
    assertLeftAlone(fifo);
  }

  @Test
  void leavesADirectoryAlone() throws IOException {
    assertLeftAlone(Files.createDirectory(directory.resolve("directory")));
  }

  /** Connecting to it is not refused: the protocol is wrong. */
  @Test
  void leavesADatagramSocketAloneAndNamesIt() throws Exception {
    Path socket = directory.resolve("datagrams");
    String program =
        "use Socket; socket(S, AF_UNIX, SOCK_DGRAM, 0); bind(S, sockaddr_un($ARGV[0])) or die;"
            + " $| = 1; print qq(bound\\n); sleep 600";
    Process datagrams = new ProcessBuilder("perl", "-e", program, socket.toString()).start();
    try {
      assertThat(datagrams.inputReader().readLine()).isEqualTo("bound");
      assertLeftAlone(socket);
    } finally {
      datagrams.destroyForcibly().waitFor();
    }
  }

  @Test
  void doesNotWaitForALiveServerThatAcceptsNobody() throws IOException {
    Path socket = directory.resolve("busy");
    try (ServerSocketChannel busy = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      busy.bind(UnixDomainSocketAddress.of(socket), 1);
      try (SocketChannel first = SocketChannel.open(UnixDomainSocketAddress.of(socket));
          SocketChannel second = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
        assertThat(first.isConnected() && second.isConnected()).isTrue();
        assertLeftAlone(socket);
      }
    }
  }

  @Test
  void leavesAFileThatTookItsPlace() throws IOException {
    Path socket = directory.resolve("socket");
    try (UnixListener listener = open(socket)) {
      Files.delete(socket);
      Files.createFile(socket);
      assertThat(listener.isFound()).isFalse();
    }
    assertThat(socket).isRegularFile();
  }

  @Test
  void goesOnWithTheSocketOfAnotherAndKnowsItsFileFromALaterOne() throws IOException {
    Path socket = directory.resolve("socket");
    UnixListener first = open(socket);
    try (UnixListener second = UnixListener.resume(first.socket(), socket, first.fileKey())) {
      assertThat(second.isFound()).isTrue();
      assertThat(UnixListener.resume(first.socket(), socket, "another file").isFound()).isFalse();
    }
    assertThat(directory).isEmptyDirectory();
  }

  @Test
  void saysWhatDirectoryIsMissing() {
    assertThatThrownBy(() -> open(directory.resolve("nowhere/socket")))
        .hasMessage("there is no directory " + directory.resolve("nowhere") + "; make it first");
  }

  @Test
  void givesASocketTheModeAndTheGroupThatAreAskedFor() throws IOException {
    Path socket = directory.resolve("socket");
    boolean root = System.getProperty("user.name").equals("root");
    int own = (int) Files.getAttribute(directory, "unix:gid");
    int group = root ? own + 1 : own;
    SocketAccess access = SocketAccess.parse(null, Integer.toString(group));
    try (UnixListener listener = UnixListener.open(socket, access, BACKLOG)) {
      assertThat(listener.isFound()).isTrue();
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)))
          .isEqualTo("rw-rw----");
      assertThat(Files.getAttribute(socket, "unix:gid")).isEqualTo(group);
    }
  }

  @Test
  void readsModesAsChmodDoes() {
    assertThat(SocketAccess.parse(null, null)).isEqualTo(new SocketAccess(0600, null));
    assertThat(SocketAccess.parse(null, "disk")).isEqualTo(new SocketAccess(0660, "disk"));
    assertThat(SocketAccess.parse("666", null)).isEqualTo(new SocketAccess(0666, null));
    assertThat(SocketAccess.parse("0640", null)).isEqualTo(new SocketAccess(0640, null));
    for (String wrong : new String[] {"", "8", "66", "0680", "1660", "rw-", "00660"}) {
      assertThatThrownBy(() -> SocketAccess.parse(wrong, null))
          .hasMessageContaining("mode '" + wrong + "' is not three octal digits");
    }
  }
}
