package io.zublk.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zublk.uring.sys.LinuxSocket;
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
class ListenerTest {

  private static final NbdOptions OPTIONS = NbdOptions.defaults();

  @TempDir private Path directory;

  private static Listener open(Path socket) throws IOException {
    return Listener.open(NbdAddress.parse("unix:" + socket), OPTIONS);
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
        .hasMessageStartingWith("cannot listen on unix:" + path + ": ")
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
    try (Listener listener = open(socket);
        SocketChannel client = SocketChannel.open(listener.address().socketAddress())) {
      assertThat(client.isConnected()).isTrue();
      assertThat(directory.toFile().list()).containsExactly(socket.getFileName().toString());
    }
    assertThat(directory).isEmptyDirectory();
  }

  @Test
  void leavesAFifoAlone() throws Exception {
    Path fifo = directory.resolve("fifo");
    Tool.run("mkfifo", fifo.toString());
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

  /** Where the system puts the socket, not where the path's words seem to lead. */
  @Test
  void takesTwoDotsAfterALinkAsTheSystemDoes() throws IOException {
    Path elsewhere = Files.createDirectories(directory.resolve("elsewhere/inner"));
    Path link = Files.createSymbolicLink(directory.resolve("link"), elsewhere);
    try (Listener listener = open(link.resolve("../socket"))) {
      assertThat(directory.resolve("elsewhere/socket")).exists();
      assertThat(directory.resolve("socket")).doesNotExist();
      assertThat(listener.address().uri("").toString()).endsWith("/link/../socket");
    }
    assertThat(directory.resolve("elsewhere/socket")).doesNotExist();
  }

  @Test
  void givesASocketTheModeAndTheGroupThatAreAskedFor() throws IOException {
    Path socket = directory.resolve("socket");
    boolean root = System.getProperty("user.name").equals("root");
    int own = (int) Files.getAttribute(directory, "unix:gid");
    int group = root ? own + 1 : own;
    SocketAccess access = SocketAccess.parse(null, Integer.toString(group));
    try (Listener listener =
        Listener.open(new NbdAddress.Unix(socket), OPTIONS.withSocketAccess(access))) {
      assertThat(listener.address()).isEqualTo(new NbdAddress.Unix(socket));
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)))
          .isEqualTo("rw-rw----");
      assertThat(Files.getAttribute(socket, "unix:gid")).isEqualTo(group);
    }
  }

  @Test
  void anUnknownGroupCostsOneLineAndLeavesNothing() {
    SocketAccess access = SocketAccess.parse("0660", "no-such-group");
    NbdAddress address = new NbdAddress.Unix(directory.resolve("socket"));
    assertThatThrownBy(() -> Listener.open(address, OPTIONS.withSocketAccess(access)))
        .hasMessage("cannot listen on " + address + ": there is no group 'no-such-group'");
    assertThat(directory).isEmptyDirectory();
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

  @Test
  void tcpClientsThatAreDeadAreNoticedWithinMinutes() throws IOException {
    try (Listener listener = Listener.open(NbdAddress.parse("tcp:127.0.0.1:0"), OPTIONS);
        SocketChannel client = SocketChannel.open(listener.address().socketAddress());
        LinuxSocket accepted = listener.accept()) {
      assertThat(client.isConnected()).isTrue();
      assertThat(accepted.option(LinuxSocket.SOL_SOCKET, LinuxSocket.SO_KEEPALIVE)).isOne();
      int idle = accepted.option(LinuxSocket.IPPROTO_TCP, LinuxSocket.TCP_KEEPIDLE);
      int interval = accepted.option(LinuxSocket.IPPROTO_TCP, LinuxSocket.TCP_KEEPINTVL);
      int count = accepted.option(LinuxSocket.IPPROTO_TCP, LinuxSocket.TCP_KEEPCNT);
      assertThat(idle + interval * count).isEqualTo(120);
    }
  }
}
