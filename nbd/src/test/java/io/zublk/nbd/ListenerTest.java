package io.zublk.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zublk.uring.sys.LinuxSocket;
import io.zublk.uring.sys.SocketAccess;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class ListenerTest {

  private static final NbdOptions OPTIONS = NbdOptions.defaults();

  @TempDir private Path directory;

  private static Listener open(Path socket) throws IOException {
    return Listener.open(NbdAddress.parse("unix:" + socket), OPTIONS);
  }

  @Test
  void saysAtWhatAddressItCannotListenAndWhy() throws IOException {
    Path file = Files.createFile(directory.resolve("file"));
    assertThatThrownBy(() -> open(file))
        .hasMessage(
            "cannot listen on unix:%s: what is there is no socket; choose another path", file);
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
  void anUnknownGroupCostsOneLineAndLeavesNothing() {
    SocketAccess access = SocketAccess.parse("0660", "no-such-group");
    NbdAddress address = new NbdAddress.Unix(directory.resolve("socket"));
    assertThatThrownBy(() -> Listener.open(address, OPTIONS.withSocketAccess(access)))
        .hasMessage("cannot listen on " + address + ": there is no group 'no-such-group'");
    assertThat(directory).isEmptyDirectory();
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
