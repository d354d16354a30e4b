package io.zublk.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** NBD clients that are many, rude or gone, and the options about them. */
@Timeout(300)
class NbdClientsTest extends WithDevices {

  private static final int MIB = 1 << 20;
  private static final int EINVAL = 22;
  private static final int ENOSPC = 28;

  private final List<RawNbdClient> clients = new ArrayList<>();
  private final List<AutoCloseable> others = new ArrayList<>();

  @AfterEach
  void hangUp() throws Exception {
    for (AutoCloseable other : others) {
      other.close();
    }
    for (RawNbdClient client : clients) {
      client.close();
    }
    clients.clear();
  }

  private Path socket() {
    return zublk.runDir().resolve("0/nbd.sock");
  }

  private RawNbdClient connect() throws IOException {
    clients.add(RawNbdClient.connected(socket()));
    return clients.getLast();
  }

  private static long number(Map<String, Object> stat, String name) {
    return ((Number) stat.get(name)).longValue();
  }

  private Map<String, Object> statWithoutClients() throws Exception {
    Map<String, Object> stat = zublk.stat(0);
    while (number(stat, "nbd_connections") > 0) {
      stat = zublk.stat(0);
    }
    return stat;
  }

  @Test
  void whoHoldsADeviceIsNamedUnlessTheyAreMany() throws Exception {
    String uri = zublk.create("--size=1M", "--listen=tcp:127.0.0.1:0").get("path").toString();
    int port = URI.create(uri).getPort();
    List<Integer> ports = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      SocketChannel client =
          SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      others.add(client);
      ports.add(((InetSocketAddress) client.getLocalAddress()).getPort());
    }
    zublk.statWhen(0, stat -> number(stat, "nbd_connections") == 6);
    zublk
        .run("remove", "0")
        .refused(
            "in use by 6 clients: 127.0.0.1:" + ports.getFirst() + ", ",
            ", 127.0.0.1:" + ports.get(3) + ", and 2 more; end that first");
  }

  /** Each asks for 9 TiB in 9000 requests, and leaves. */
  @Test
  void whatClientsThatLeftHaveAskedForIsNotDone() throws Exception {
    zublk.create("--size", "32M");
    int most = 4;
    for (int i = 0; i < most; i++) {
      connect().ask(9000, RawNbdClient.READ, 0, 32 * MIB);
    }
    hangUp();
    assertThat(number(statWithoutClients(), "nbd_reads")).isBetween(1L, 10L * most);
  }

  /** Their requests would keep the device busy for minutes. */
  @Test
  void clientsThatTakeNoRepliesDoNotKeepADeviceFromBeingRemoved() throws Exception {
    zublk.create("--size", "32M");
    for (int i = 0; i < 16; i++) {
      connect().ask(9000, RawNbdClient.READ, 0, 32 * MIB);
    }
    zublk.run("remove", "0", "--force").ok();
    zublk.assertNothingLeft();
  }

  @Test
  void aDeviceThatRanOutOfDescriptorsAcceptsClientsAgain() throws Exception {
    int limit = 100;
    List<String> prefix = List.of("prlimit", "--nofile=" + limit + ":" + limit, "--");
    String[] create = "create --json -s 1M --transport nbd --max-clients 1024".split(" ");
    Map<String, Object> made =
        JSON.std.mapFrom(zublk.await(zublk.start(prefix, create)).ok().line());
    Path descriptors = Path.of("/proc/" + made.get("pid") + "/fd");
    for (int i = 0; i < 2 * limit; i++) {
      clients.add(new RawNbdClient(socket()));
    }
    while (descriptors.toFile().list().length < limit - 5) {
      Thread.sleep(10);
    }
    Thread.sleep(500); // the longer it is without any, the better
    hangUp();
    assertThat(Zublk.tool("nbdinfo", "--size", made.get("path").toString()).strip())
        .isEqualTo(Integer.toString(MIB));
  }

  @Test
  void aLostSocketIsSeenAndWhoIsConnectedIsServedOn() throws Exception {
    zublk.create("--size", "1M");
    assertThat(zublk.stat(0)).containsEntry("nbd_listening", true);
    RawNbdClient client = RawNbdClient.connected(socket());
    clients.add(client);
    Files.delete(socket());
    assertThat(zublk.stat(0)).containsEntry("nbd_listening", false);
    Zublk.Result list = zublk.run("list", "-n", "-o", "STATE").ok();
    assertThat(list.line()).isEqualTo("lost");
    assertThat(list.err()).hasLineCount(1).contains("device 0 has lost its socket");
    client.ask(1, RawNbdClient.READ, 0, 4096);
    assertThat(client.takeReply(4096)).isZero();
  }

  @Test
  void asManyClientsAsMayBeAreServedAndFurtherOnesHungUpOn() throws Exception {
    int most = 256;
    zublk.create("--size", "64M", "--max-clients", Integer.toString(most));
    for (int i = 0; i < most; i++) {
      connect();
    }
    for (RawNbdClient client : clients) {
      client.ask(1, RawNbdClient.READ, 0, 300 << 10);
    }
    for (RawNbdClient client : clients) {
      assertThat(client.takeReply(300 << 10)).isZero();
    }
    assertThatThrownBy(this::connect).isInstanceOf(IOException.class);
    assertThat(zublk.stat(0))
        .containsEntry("nbd_max_clients", most)
        .containsEntry("nbd_connections", most)
        .containsEntry("nbd_connections_refused", 1);
    assertThat(zublk.runDir().resolve("0/log")).content().contains("256 are connected");
  }

  @Test
  void countsWhatWasRefusedAndWhatFailed() throws Exception {
    zublk.create("--size", "16M", "--mem-limit", "2M", "--workers", "0");
    RawNbdClient client = connect();
    client.ask(1, RawNbdClient.READ, 16 * MIB, 4096);
    assertThat(client.takeReply(0)).isEqualTo(EINVAL);
    assertThat(zublk.stat(0))
        .containsEntry("invalid_io", 1)
        .containsEntry("nbd_invalid", 1)
        .containsEntry("nbd_reads", 1)
        .containsEntry("nbd_read_bytes", 0);
    byte[] noise = new byte[8 * MIB];
    new Random(1).nextBytes(noise);
    client.ask(1, RawNbdClient.WRITE, 0, noise.length);
    client.send(ByteBuffer.wrap(noise));
    assertThat(client.takeReply(0)).isEqualTo(ENOSPC);
    Map<String, Object> stat = zublk.stat(0);
    assertThat(number(stat, "failed_writes")).isPositive();
    assertThat(stat).containsEntry("nbd_errors", 2).containsEntry("invalid_io", 1);
  }

  @Test
  void servesWhoeverMayUseItsSocketUnderTheNameItWasGiven() throws Exception {
    Path socket = temp.resolve("shared.sock");
    Object group = Files.getAttribute(temp, "unix:gid");
    Map<String, Object> made =
        zublk.create(
            "--size",
            "1M",
            "--listen",
            "unix:" + socket,
            "--export-name",
            "my disk",
            "--listen-mode",
            "0666",
            "--listen-group",
            group.toString());
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)))
        .isEqualTo("rw-rw-rw-");
    assertThat(Files.getAttribute(socket, "unix:gid")).isEqualTo(group);
    assertThat(made.get("path").toString()).startsWith("nbd+unix:///my%20disk?socket=");
    assertThat(Zublk.tool("nbdinfo", "--list", made.get("path").toString()))
        .contains("export=\"my disk\"");
  }

  /** Until it gets its mode, a socket has what the umask leaves. */
  @Test
  void leavesNobodyAMomentToGetAtItsSocket() throws Exception {
    List<String> prefix = List.of("sh", "-c", "umask 0; exec \"$@\"", "sh");
    Path socket = temp.resolve("private.sock");
    String[] create = {"create", "--json", "-s", "1M", "--listen", "unix:" + socket};
    Map<String, Object> made =
        JSON.std.mapFrom(zublk.await(zublk.start(prefix, create)).ok().line());
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)))
        .isEqualTo("rw-------");
    assertThat(Files.readAllLines(Path.of("/proc/" + made.get("pid") + "/status")))
        .contains("Umask:\t0077");
  }

  @Test
  void listensOverNothingButADeadSocket() throws Exception {
    Path fifo = temp.resolve("fifo");
    Zublk.tool("mkfifo", fifo.toString());
    zublk
        .run("create", "-s", "1M", "--listen", "unix:" + fifo)
        .refused(fifo.toString(), "no socket");
    assertThat(fifo).exists();
    zublk.run("create", "-s", "1M", "--listen", "unix:/").refused("/ is a directory");

    Path socket = temp.resolve("s".repeat(106 - temp.toString().length() - 1));
    Object killed =
        zublk.create("--size=1M", "--on-crash=keep", "--listen=unix:" + socket).get("pid");
    Zublk.kill(killed, "KILL");
    while (!zublk.run("list").ok().err().contains("dead")) {
      Thread.sleep(10);
    }
    assertThat(socket).exists();
    String uri = zublk.create("--size", "1M", "--listen", "unix:" + socket).get("path").toString();
    assertThat(Zublk.tool("nbdinfo", "--size", uri).strip()).isEqualTo(Integer.toString(MIB));
    assertThat(temp.toFile().list((_, name) -> name.startsWith(".dead"))).isEmpty();
  }
}
