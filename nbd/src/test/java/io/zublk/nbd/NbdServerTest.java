package io.zublk.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zublk.uring.sys.LinuxSocket;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(60)
class NbdServerTest {

  private static final NbdOptions OPTIONS = NbdOptions.defaults();

  @TempDir private Path directory;

  private final RamDevice device = new RamDevice(1 << 20);

  private NbdServer start(String address) throws IOException {
    return NbdServer.start(NbdAddress.parse(address), new NbdExport("ram", device), OPTIONS);
  }

  private static void assertServes(NbdServer server) throws IOException {
    try (NbdTestClient client = NbdTestClient.connect(server.address(), true)) {
      assertThat(client.read(0, 512).error()).isZero();
    }
  }

  @Test
  void reportsThePortItWasGiven() throws IOException {
    try (NbdServer server = start("tcp:127.0.0.1:0")) {
      assertThat(server.uri().getPort()).isPositive();
      assertThat(server.uri()).hasToString("nbd://127.0.0.1:" + server.uri().getPort() + "/ram");
      assertServes(server);
    }
  }

  @Test
  void knowsTheAddressesOfItsClientsAndTheProcessesOnItsOwnMachine() throws IOException {
    Path socket = directory.resolve("socket");
    try (NbdServer overTcp = start("tcp:127.0.0.1:0");
        NbdServer overFile = start("unix:" + socket)) {
      assertThat(overTcp.clients()).isEmpty();
      try (LinuxSocket ofTcp =
              LinuxSocket.connect(
                  new InetSocketAddress(
                      InetAddress.getLoopbackAddress(), overTcp.uri().getPort()));
          LinuxSocket ofFile = LinuxSocket.connect(UnixDomainSocketAddress.of(socket))) {
        Eventually.until(() -> overTcp.clients().size() == 1 && overFile.clients().size() == 1);
        assertThat(overTcp.clients())
            .containsExactly(new NbdPeer("127.0.0.1:" + ofTcp.localPort(), 0));
        assertThat(overFile.clients())
            .containsExactly(new NbdPeer("", (int) ProcessHandle.current().pid()));
        assertThat(ofFile.unsentBytes()).isZero();
      }
    }
  }

  @Test
  void saysInOneLineThatAPortIsInUse() throws IOException {
    try (NbdServer server = start("tcp:127.0.0.1:0")) {
      String address = server.address().toString();
      assertThatThrownBy(() -> start(address))
          .isInstanceOf(IOException.class)
          .hasMessage(
              "cannot listen on " + address + ": the port is in use; choose another, or 0 for any");
      assertServes(server);
    }
  }

  @Test
  void saysInOneLineThatAHostIsUnknown() {
    assertThatThrownBy(() -> start("tcp:no.such.host.invalid:0"))
        .hasMessageContaining("there is no host of that name");
  }

  @Test
  void servesOnASocketThatOnlyItsOwnerMayUseAndRemovesIt() throws IOException {
    Path socket = directory.resolve("socket");
    try (NbdServer server = start("unix:" + socket)) {
      assertServes(server);
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)))
          .isEqualTo("rw-------");
    }
    assertThat(directory).isEmptyDirectory();
  }

  @Test
  void replacesTheSocketOfADeadServer() throws IOException {
    Path socket = directory.resolve("socket");
    ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    dead.bind(UnixDomainSocketAddress.of(socket));
    dead.close();
    assertThat(socket).exists();
    try (NbdServer server = start("unix:" + socket)) {
      assertServes(server);
    }
    assertThat(directory).isEmptyDirectory();
  }

  @Test
  void neverReplacesTheSocketOfALiveServer() throws IOException {
    Path socket = directory.resolve("socket");
    try (NbdServer server = start("unix:" + socket)) {
      assertThatThrownBy(() -> start("unix:" + socket))
          .hasMessageContaining("another server listens there");
      assertServes(server);
    }
  }

  @Test
  void neverReplacesAFile() throws IOException {
    Path file = Files.writeString(directory.resolve("file"), "mine");
    assertThatThrownBy(() -> start("unix:" + file)).hasMessageContaining("no socket");
    assertThat(file).hasContent("mine");
    Path link = Files.createSymbolicLink(directory.resolve("link"), directory.resolve("gone"));
    assertThatThrownBy(() -> start("unix:" + link)).hasMessageContaining("no socket");
    assertThat(link).isSymbolicLink();
  }

  @Test
  void saysInOneLineThatTheDirectoryIsMissing() {
    Path missing = directory.resolve("missing/socket");
    assertThatThrownBy(() -> start("unix:" + missing))
        .hasMessageContaining("there is no directory " + missing.getParent())
        .hasMessageNotContaining("\n");
  }

  @Test
  @SuppressWarnings("try") // closing early is the point
  void leavesTheSocketOfASuccessorAlone() throws IOException {
    Path socket = directory.resolve("socket");
    try (NbdServer first = start("unix:" + socket)) {
      assertThat(first.isListening()).isTrue();
      Files.delete(socket);
      assertThat(first.isListening()).isFalse();
      try (NbdServer second = start("unix:" + socket)) {
        first.close();
        assertServes(second);
      }
    }
  }

  /** Who has left still counts until its thread has noticed. */
  @Test
  void clientsThatComeAsOthersLeaveAreServedAtTheLimit() throws IOException {
    try (TestServer server = new TestServer(device, OPTIONS.withMaxConnections(1))) {
      for (int i = 0; i < 500; i++) {
        try (NbdTestClient client = NbdTestClient.connect(server.address(), true)) {
          assertThat(client.read(0, 512).error()).isZero();
        }
      }
    }
  }

  @Test
  @SuppressWarnings("try") // closing early is the point
  void hangsUpOnClientsBeyondTheLimitAndServesTheOthers() throws IOException {
    try (CapturedLog log = new CapturedLog();
        TestServer server = new TestServer(device, OPTIONS.withMaxConnections(2));
        NbdTestClient first = NbdTestClient.connect(server.address(), true);
        NbdTestClient second = NbdTestClient.connect(server.address(), true)) {
      try (NbdTestClient third = new NbdTestClient(server.address())) {
        assertThat(third.isHungUp()).isTrue();
      }
      assertThat(server.server().counters().connectionsRefused()).isOne();
      assertThat(log.lines(false))
          .singleElement()
          .asString()
          .contains("hung up on a client: 2 are");
      assertThat(first.read(0, 512).error()).isZero();
      first.close();
      awaitConnections(server, 1);
      try (NbdTestClient next = NbdTestClient.connect(server.address(), true)) {
        assertThat(next.read(0, 512).error()).isZero();
      }
      assertThat(second.read(0, 512).error()).isZero();
    }
  }

  @Test
  void manyClientsInARowLeaveNoChannelOpen() throws IOException {
    try (TestServer server = new TestServer(device, OPTIONS.withMaxConnections(4).withWorkers(2))) {
      for (int i = 0; i < 200; i++) {
        awaitConnections(server, 0);
        try (NbdTestClient client = NbdTestClient.connect(server.address(), i % 2 == 0)) {
          client.read(0, 4096);
        }
      }
      awaitConnections(server, 0);
      assertThat(device.openChannels()).isEqualTo(2);
      assertThat(server.server().counters().connectionsTotal()).isEqualTo(200);
    }
    assertThat(device.openChannels()).isZero();
  }

  @Test
  void closeAnswersWhatWasReceivedBefore() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    device.setRule((operation, position, length) -> {
      begun.countDown();
      await(goOn);
      return 0;
    });
    TestServer server = new TestServer(device, OPTIONS);
    try (NbdTestClient client = NbdTestClient.connect(server.address(), true)) {
      client.send(NbdProtocol.CMD_WRITE, 0, 0, 4096, new byte[4096]);
      await(begun);
      Thread closer = Thread.ofPlatform().start(() -> close(server));
      Thread.sleep(200); // the more of close() happens before the device goes on, the better
      goOn.countDown();
      assertThat(client.receiveReply().error()).isZero();
      assertThat(client.isHungUp()).isTrue();
      closer.join();
    }
    assertThat(device.openChannels()).isZero();
  }

  @Test
  void closeHangsUpOnClientsThatTakeNoReplies() throws IOException {
    RamDevice large = new RamDevice(64 << 20);
    AtomicInteger operations = new AtomicInteger();
    large.setRule((operation, position, length) -> {
      operations.incrementAndGet();
      return 0;
    });
    TestServer server = new TestServer(large, OPTIONS.withDrainTimeout(Duration.ZERO));
    try (NbdTestClient client = NbdTestClient.connect(server.address(), false)) {
      int asked = 9000;
      ByteBuffer requests = ByteBuffer.allocate(asked * 28);
      for (int i = 0; i < asked; i++) {
        requests.putInt(NbdProtocol.REQUEST_MAGIC).putInt(NbdProtocol.CMD_READ).putLong(i);
        requests.putLong(0).putInt(32 << 20);
      }
      client.sendBytes(requests.flip());
      client.receive(16); // of the first reply, which is never taken to its end
      server.close();
      assertThat(large.openChannels()).isZero();
      assertThat(operations.get()).isLessThan(2 * (32 << 20) / ReplyBuffer.PAYLOAD_BYTES);
    }
  }

  @Test
  void closeDoesNotWaitForADeviceThatKeepsARequestForEver() throws IOException {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch forEver = new CountDownLatch(1);
    device.setRule((operation, position, length) -> {
      begun.countDown();
      await(forEver);
      return 0;
    });
    TestServer server = new TestServer(device, OPTIONS.withDrainTimeout(Duration.ZERO));
    try (NbdTestClient client = NbdTestClient.connect(server.address(), true)) {
      client.send(NbdProtocol.CMD_FLUSH, 0, 0, 0, new byte[0]);
      await(begun);
      assertThatThrownBy(() -> server.server().close(Duration.ofMillis(100)))
          .hasMessage("clients whose requests do not come back from the device: 1");
      assertThat(client.isHungUp()).isTrue();
    }
    forEver.countDown();
    server.close();
  }

  @Test
  void closeGivesClientsTimeToTakeTheirReplies() throws Exception {
    RamDevice large = new RamDevice(64 << 20);
    TestServer server = new TestServer(large, OPTIONS.withDrainTimeout(Duration.ofHours(1)));
    try (NbdTestClient client = NbdTestClient.connect(server.address(), false)) {
      // One, which no socket buffer holds: of several, some might not have been received yet.
      client.send(NbdProtocol.CMD_READ, 0, 0, 32 << 20, new byte[0]);
      Eventually.until(() -> server.server().counters().reads() == 1);
      Thread closer = Thread.ofPlatform().start(() -> close(server));
      Eventually.until( // it waits for the client
          () -> !closer.isAlive() || closer.getState() == Thread.State.TIMED_WAITING);
      assertThat(client.receiveReply().error()).isZero();
      closer.join();
    }
  }

  /** Requests that it never read would make the system take away what it has replied. */
  @ParameterizedTest
  @CsvSource({"unix,65536", "unix,8388608", "tcp,65536", "tcp,8388608"})
  void closeTakesNoReplyFromAClientThatIsLate(String kind, int length) throws Exception {
    RamDevice large = new RamDevice(64 << 20);
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    large.setRule((operation, position, bytes) -> {
      begun.countDown();
      await(goOn);
      return 0;
    });
    String address =
        kind.equals("unix") ? "unix:" + directory.resolve("socket") : "tcp:127.0.0.1:0";
    NbdServer server =
        NbdServer.start(
            NbdAddress.parse(address),
            new NbdExport("", large),
            OPTIONS.withDrainTimeout(Duration.ofHours(1)));
    try (NbdTestClient client = NbdTestClient.connect(server.address(), false)) {
      long answered = client.send(NbdProtocol.CMD_READ, 0, 0, length, new byte[0]);
      await(begun);
      for (int i = 0; i < 3; i++) { // which wait in the socket
        client.send(NbdProtocol.CMD_READ, 0, 0, length, new byte[0]);
      }
      Thread closer = Thread.ofPlatform().start(() -> close(server));
      Eventually.until(() -> closer.getState() == Thread.State.TIMED_WAITING);
      goOn.countDown();
      Thread.sleep(100); // the more of close() happens before the client takes it, the better
      assertThat(client.receiveReply().cookie()).isEqualTo(answered);
      assertThat(client.channel().read(ByteBuffer.allocate(1)))
          .as("an end, no reset")
          .isEqualTo(-1);
      closer.join();
    }
  }

  @Test
  void theLossOfItsSocketIsToldOnceAndClientsAreServedOn() throws Exception {
    BlockingQueue<String> told = new LinkedBlockingQueue<>();
    Listener listener = Listener.open(NbdAddress.parse("tcp:127.0.0.1:0"), OPTIONS);
    NbdExport export = new NbdExport("", device);
    try (CapturedLog log = new CapturedLog();
        NbdServer server =
            NbdServer.start(listener, export, OPTIONS, (reason, _) -> told.add(reason));
        NbdTestClient client = NbdTestClient.connect(server.address(), true)) {
      listener.socket().shutDown(LinuxSocket.SHUT_RDWR);
      assertThat(told.poll(60, TimeUnit.SECONDS)).contains("accepts no more clients");
      Eventually.until(() -> !server.isListening());
      assertThat(client.read(0, 512).error()).isZero();
      assertThat(log.lines(true)).as("that is the listener's to do").isEmpty();
    }
    assertThat(told).isEmpty();
  }

  @Test
  void whoOnlyWantsToKnowWhetherAnybodyListensHasNotFailed() throws IOException {
    try (TestServer server = new TestServer(device, OPTIONS)) {
      new NbdTestClient(server.address()).close();
      Eventually.until(() -> server.server().counters().connectionsTotal() > 0);
      awaitConnections(server, 0);
      assertThat(server.server().counters().handshakesFailed()).isZero();
    }
  }

  private static void close(AutoCloseable server) {
    try {
      server.close();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void awaitConnections(TestServer server, long count) {
    Eventually.until(() -> server.server().counters().connections() == count);
  }
}
