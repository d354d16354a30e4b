package io.zublk.uring.sys;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class LinuxSocketTest {

  @TempDir private Path directory;

  private final Arena arena = Arena.ofShared();
  private LinuxSocket here;
  private LinuxSocket there;

  @BeforeEach
  void connect() throws LinuxException {
    LinuxSocket[] both = LinuxSocket.pair();
    here = both[0];
    there = both[1];
  }

  @AfterEach
  void close() {
    here.close();
    there.close();
    arena.close();
  }

  @Test
  void knowsTheProcessAtTheOtherEnd() throws LinuxException {
    assertThat(here.peerProcess()).isEqualTo((int) ProcessHandle.current().pid());
    assertThat(here.peerAddress()).isNull();
  }

  private MemorySegment bytes(int length) {
    MemorySegment bytes = arena.allocate(length);
    for (int i = 0; i < length; i++) {
      bytes.set(JAVA_BYTE, i, (byte) i);
    }
    return bytes;
  }

  private static long openFiles() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("/proc/self/fd"))) {
      return files.count();
    }
  }

  // ---- connecting

  @ParameterizedTest
  @CsvSource({"127.0.0.1,127.0.0.1", "0.0.0.0,127.0.0.1", "::1,::1", "::,::1", "::,127.0.0.1"})
  void clientsOfTcpReachTheAddressThatIsListenedOn(String address, String client)
      throws IOException {
    SocketAddress wanted = new InetSocketAddress(address, 0);
    try (LinuxSocket listener = LinuxSocket.openListening(wanted)) {
      listener.bind(wanted);
      listener.listen(5);
      assertThat(listener.accept()).isNull();
      InetSocketAddress at = new InetSocketAddress(client, listener.localPort());
      try (LinuxSocket connected = LinuxSocket.connect(at);
          SocketChannel ofJava = SocketChannel.open(at)) {
        assertServes(listener, connected);
        assertThat(ofJava.isConnected()).isTrue();
        try (LinuxSocket accepted = listener.accept()) {
          assertThat(accepted.peerAddress()).isEqualTo(ofJava.getLocalAddress());
        }
      }
    }
  }

  @Test
  void clientsOfAUnixSocketReachIt() throws IOException {
    SocketAddress address = UnixDomainSocketAddress.of(directory.resolve("socket"));
    try (LinuxSocket listener = LinuxSocket.openListening(address)) {
      listener.bind(address);
      listener.listen(5);
      try (LinuxSocket connected = LinuxSocket.connect(address)) {
        assertServes(listener, connected);
      }
    }
  }

  private void assertServes(LinuxSocket listener, LinuxSocket client) throws IOException {
    assertThat(new PollSet(listener.fd()).await(PollSet.FOR_EVER)).isOne();
    try (LinuxSocket accepted = listener.accept()) {
      client.sendAll(bytes(100));
      MemorySegment received = arena.allocate(100);
      accepted.receiveAll(received);
      assertThat(received.mismatch(bytes(100))).isEqualTo(-1);
    }
  }

  @Test
  void whatGoesWrongIsSaidWithItsNumber() throws LinuxException {
    SocketAddress nobody = UnixDomainSocketAddress.of(directory.resolve("nobody"));
    assertThatThrownBy(() -> LinuxSocket.connect(nobody))
        .isInstanceOfSatisfying(
            LinuxException.class, e -> assertThat(e.errno()).isEqualTo(Errnos.ENOENT));
    try (LinuxSocket first = LinuxSocket.openListening(nobody);
        LinuxSocket second = LinuxSocket.openListening(nobody)) {
      first.bind(nobody);
      assertThatThrownBy(() -> second.bind(nobody))
          .isInstanceOfSatisfying(
              LinuxException.class, e -> assertThat(e.errno()).isEqualTo(Errnos.EADDRINUSE));
    }
  }

  // ---- bytes

  @Test
  void manyBytesArriveAsTheyWereSent() throws Exception {
    int length = 5 << 20;
    CompletableFuture<Void> sent =
        CompletableFuture.runAsync(() -> {
          try {
            here.sendAll(bytes(length));
          } catch (LinuxException e) {
            throw new IllegalStateException(e);
          }
        });
    MemorySegment received = arena.allocate(length);
    there.receiveAll(received);
    sent.get();
    assertThat(received.mismatch(bytes(length))).isEqualTo(-1);
  }

  @Test
  void theOtherEndsEndIsZeroAndThenAnError() {
    there.close();
    assertThat(here.receive(bytes(8), 0, 8)).isZero();
    assertThat(here.send(bytes(8), 0, 8)).isEqualTo(-Errnos.EPIPE);
    assertThatThrownBy(() -> here.receiveAll(bytes(8))).isInstanceOf(EOFException.class);
  }

  @Test
  void aReceiveMayHaveATimeLimit() throws LinuxException {
    here.setReceiveTimeout(5);
    assertThat(here.receive(bytes(8), 0, 8)).isEqualTo(-Errnos.EAGAIN);
    there.sendAll(bytes(3));
    assertThat(here.receive(bytes(8), 0, 8)).isEqualTo(3);
  }

  @Test
  void onlyNativeMemoryInsideOfItsBoundsIsTransferred() {
    assertThatThrownBy(() -> here.send(bytes(8), 4, 5))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> here.receive(MemorySegment.ofArray(new byte[8]), 0, 8))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void shuttingDownWakesWhoWaitsAndHasNoEffectAfterwards() throws Exception {
    CompletableFuture<Integer> waiting =
        CompletableFuture.supplyAsync(() -> here.receive(bytes(8), 0, 8));
    here.shutDown(LinuxSocket.SHUT_RDWR);
    assertThat(waiting.get()).isZero();
    here.close();
    try (LinuxFile sameNumber = LinuxFile.memory("other", 0)) {
      here.shutDown(LinuxSocket.SHUT_RDWR);
      here.close();
      assertThat(sameNumber.size()).isZero();
    }
  }

  @Test
  void whatTheOtherEndHasNotTakenIsCounted() throws IOException {
    assertThat(here.unsentBytes()).isZero();
    here.sendAll(bytes(100));
    assertThat(here.unsentBytes()).isPositive();
    there.receiveAll(arena.allocate(100));
    assertThat(here.unsentBytes()).isZero();
  }

  @Test
  void transfersAllocateNoJavaObject() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long self = Thread.currentThread().threadId();
    MemorySegment buffer = bytes(64);
    PollSet set = new PollSet(there.fd());
    transfer(set, buffer);
    long allocated = Long.MAX_VALUE;
    for (int round = 0; round < 50 && allocated >= 4096; round++) {
      long before = threads.getThreadAllocatedBytes(self);
      transfer(set, buffer);
      allocated = threads.getThreadAllocatedBytes(self) - before;
    }
    assertThat(allocated).isLessThan(4096);
  }

  private void transfer(PollSet set, MemorySegment buffer) {
    for (int i = 0; i < 20_000; i++) {
      int sent = here.send(buffer, 0, 64);
      int ready = set.await(PollSet.FOR_EVER);
      int received = there.receive(buffer, 0, 64);
      assert sent == 64 && ready == 1 && received == 64;
    }
  }

  // ---- polling

  @Test
  void pollingTellsWhichOfSeveralIsReady() throws LinuxException {
    PollSet both = new PollSet(here.fd(), there.fd());
    assertThat(both.await(0)).isZero();
    assertThat(both.await(3)).isZero();
    here.sendAll(bytes(1));
    assertThat(both.await(PollSet.FOR_EVER)).isOne();
    assertThat(both.isReady(0)).isFalse();
    assertThat(both.isReady(1)).isTrue();
  }

  // ---- files

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, LinuxSocket.MAX_FILES})
  void filesThatAreSentAreTheSameFiles(int count) throws IOException {
    MemorySegment some = bytes(4096);
    try (LinuxFile file = LinuxFile.memory("given", 0)) {
      assertThat(file.write(0, some, 0, 4096)).isEqualTo(4096);
      int[] fds = new int[count];
      Arrays.fill(fds, file.fd());
      here.sendFiles(fds);
      for (int fd : there.receiveFiles(count)) {
        try (LinuxFile taken = LinuxFile.adopt("taken", fd)) {
          MemorySegment read = arena.allocate(4096);
          assertThat(taken.read(0, read, 0, 4096)).isEqualTo(4096);
          assertThat(read.mismatch(some)).isEqualTo(-1);
        }
      }
    }
  }

  @Test
  void aConnectionThatWasGivenAwayLivesOnElsewhere() throws IOException {
    LinuxSocket[] control = LinuxSocket.pair();
    control[0].sendFiles(here.fd());
    here.close();
    try (LinuxSocket taken = LinuxSocket.adopt("taken", control[1].receiveFiles(1)[0])) {
      taken.sendAll(bytes(10));
      there.receiveAll(arena.allocate(10));
    }
    assertThat(there.receive(bytes(1), 0, 1)).isZero();
    control[0].close();
    control[1].close();
  }

  @ParameterizedTest
  @CsvSource({"1,2", "3,2", "0,1", "2,1"})
  void otherFilesThanWereAskedForAreRefusedAndClosed(int given, int wanted) throws IOException {
    long before = openFiles();
    if (given == 0) {
      here.sendAll(bytes(1));
    } else {
      int[] fds = new int[given];
      Arrays.fill(fds, here.fd());
      here.sendFiles(fds);
    }
    assertThatThrownBy(() -> there.receiveFiles(wanted))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("files than " + wanted);
    assertThat(openFiles()).isEqualTo(before);
  }
}
