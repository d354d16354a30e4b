package io.zublk.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zublk.nbd.LateDevice.Held;
import io.zublk.nbd.LateDevice.Time;
import io.zublk.nbd.NbdTestClient.Reply;
import io.zublk.uring.sys.LinuxSocket;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(300)
class HandOverTest {

  private static final byte[] NOTHING = {};
  private static final NbdOptions OPTIONS = NbdOptions.defaults().withWorkers(2);

  private final RamDevice device = new RamDevice(64 << 20);

  private static byte[] bytes(int length, int seed) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  // ---- where clients are

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void idleClientsAndThoseToComeAreServedOn(boolean tcp) throws Exception {
    try (HandOvers servers = new HandOvers(device, OPTIONS, tcp);
        NbdTestClient structured = NbdTestClient.connect(servers.address(), true);
        NbdTestClient simple = NbdTestClient.connect(servers.address(), false)) {
      byte[] data = bytes(4096, 1);
      assertThat(structured.write(0, data).error()).isZero();
      NbdAddress address = servers.address();
      for (int i = 0; i < 3; i++) {
        servers.next();
        assertThat(servers.address()).isEqualTo(address);
        assertThat(structured.read(0, 4096).data()).isEqualTo(data);
        assertThat(structured.call(NbdProtocol.CMD_BLOCK_STATUS, 0, 0, 8192, NOTHING).extents())
            .hasSize(2);
        assertThat(simple.read(0, 4096).data()).isEqualTo(data);
        try (NbdTestClient next = NbdTestClient.connect(servers.address(), true)) {
          assertThat(next.read(0, 4096).data()).isEqualTo(data);
        }
      }
    }
  }

  @Test
  void clientsThatConnectMeanwhileWait() throws Exception {
    try (HandOvers servers = new HandOvers(device, OPTIONS, false)) {
      servers.server().handOver(HandOvers.PATIENCE);
      CompletableFuture<Reply> reply =
          CompletableFuture.supplyAsync(() -> readOnce(servers.address()));
      Thread.sleep(50); // the longer it waits, the better
      assertThat(reply).isNotDone();
      servers.server().goOn();
      assertThat(reply.get().error()).isZero();
    }
  }

  private static Reply readOnce(NbdAddress address) {
    try (NbdTestClient client = NbdTestClient.connect(address, true)) {
      return client.read(0, 512);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The handshake of a client that says everything byte by byte, with a hand-over before each. */
  @Test
  void aHandshakeGoesOnAtAnyOfItsBytes() throws Exception {
    ByteBuffer said = ByteBuffer.allocate(1000);
    said.putInt(3);
    putOption(said, NbdProtocol.OPT_STRUCTURED_REPLY, NOTHING);
    byte[] context = NbdTestClient.metaContext("", "base:allocation");
    putOption(said, NbdProtocol.OPT_SET_META_CONTEXT, context);
    putOption(said, NbdProtocol.OPT_GO, NbdTestClient.go(""));
    said.flip();
    try (HandOvers servers = new HandOvers(device, OPTIONS, false);
        NbdTestClient client = new NbdTestClient(servers.address())) {
      client.receive(18);
      while (said.hasRemaining()) {
        servers.next();
        client.sendBytes(ByteBuffer.wrap(new byte[] {said.get()}));
      }
      for (int option = 0; option < 3; option++) {
        while (client.receiveOptionReply().type() != NbdProtocol.REP_ACK) {}
      }
      assertThat(client.read(0, 1 << 20).holes()).as("structured").isPositive();
      assertThat(client.call(NbdProtocol.CMD_BLOCK_STATUS, 0, 0, 4096, NOTHING).error()).isZero();
    }
  }

  private static void putOption(ByteBuffer said, int option, byte[] data) {
    said.putLong(NbdProtocol.OPTION_MAGIC).putInt(option).putInt(data.length).put(data);
  }

  @ParameterizedTest
  @ValueSource(ints = {10, 28, 29, 100_000, 5_000_000, (32 << 20) + 27})
  void aWriteGoesOnAtAnyOfItsBytes(int sentBefore) throws Exception {
    byte[] data = bytes(32 << 20, sentBefore);
    ByteBuffer request = ByteBuffer.allocate(28 + data.length);
    request.putInt(NbdProtocol.REQUEST_MAGIC).putInt(NbdProtocol.CMD_WRITE).putLong(7);
    request.putLong(513).putInt(data.length).put(data).flip();
    try (HandOvers servers = new HandOvers(device, OPTIONS, false);
        NbdTestClient client = NbdTestClient.connect(servers.address(), false)) {
      client.sendBytes(request.slice(0, sentBefore));
      servers.next();
      client.sendBytes(request.slice(sentBefore, request.capacity() - sentBefore));
      ByteBuffer reply = client.receive(16);
      assertThat(reply.getInt(4)).as("error").isZero();
      assertThat(reply.getLong(8)).as("cookie").isEqualTo(7);
      assertThat(client.read(513, data.length).data()).isEqualTo(data);
    }
  }

  @Test
  void manyClientsAreHandedOverAtOnce() throws Exception {
    try (HandOvers servers = new HandOvers(device, OPTIONS.withMaxConnections(300), false)) {
      List<NbdTestClient> clients = new ArrayList<>();
      for (int i = 0; i < 256; i++) {
        clients.add(NbdTestClient.connect(servers.address(), i % 2 == 0));
      }
      for (int i = 0; i < 3; i++) {
        for (NbdTestClient client : clients) {
          client.send(NbdProtocol.CMD_READ, 0, 0, 4096, NOTHING);
        }
        servers.next();
        for (NbdTestClient client : clients) {
          assertThat(client.receiveReply().error()).isZero();
        }
      }
      for (NbdTestClient client : clients) {
        client.close();
      }
      Eventually.until(() -> servers.server().counters().connections() == 0);
    }
    assertThat(device.openChannels()).isZero();
  }

  // ---- calling it off

  @Test
  void aClientThatTakesNoReplyCallsItOffAndIsServedOn() throws Exception {
    try (HandOvers servers = new HandOvers(device, OPTIONS, false);
        NbdTestClient other = NbdTestClient.connect(servers.address(), true);
        NbdTestClient slow = NbdTestClient.connect(servers.address(), false)) {
      slow.send(NbdProtocol.CMD_READ, 0, 0, 32 << 20, NOTHING);
      Eventually.until(() -> servers.server().counters().reads() == 1);
      assertThatThrownBy(() -> servers.server().handOver(Duration.ofMillis(100)))
          .isInstanceOf(IOException.class)
          .hasMessageStartingWith("not handed over: 1 clients have not taken their replies");
      assertThat(other.read(0, 4096).error()).isZero();
      assertThat(slow.receiveReply().error()).isZero();
      assertThat(slow.read(0, 4096).error()).isZero();
      servers.next();
      assertThat(slow.read(0, 4096).error()).isZero();
      assertThat(other.read(0, 4096).error()).isZero();
    }
  }

  @Test
  void aClientThatIsSlowIsWaitedFor() throws Exception {
    try (HandOvers servers = new HandOvers(device, OPTIONS, false);
        NbdTestClient slow = NbdTestClient.connect(servers.address(), true)) {
      slow.write(0, bytes(32 << 20, 1));
      slow.send(NbdProtocol.CMD_READ, 0, 0, 32 << 20, NOTHING);
      Eventually.until(() -> servers.server().counters().reads() == 1);
      CompletableFuture<Void> next = CompletableFuture.runAsync(() -> next(servers));
      Thread.sleep(50); // the longer it waits, the better
      assertThat(next).isNotDone();
      assertThat(slow.receiveReply().data()).isEqualTo(bytes(32 << 20, 1));
      next.get();
      assertThat(slow.read(0, 4096).error()).isZero();
    }
  }

  private static void next(HandOvers servers) {
    try {
      servers.next();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void lateAnswersAreWaitedFor() throws Exception {
    try (LateDevice late = new LateDevice(device);
        HandOvers servers = new HandOvers(late, OPTIONS, false);
        NbdTestClient client = NbdTestClient.connect(servers.address(), true)) {
      late.setChoice((_, _, _) -> Time.HELD);
      client.send(NbdProtocol.CMD_WRITE, 0, 0, 512, bytes(512, 1));
      client.send(NbdProtocol.CMD_FLUSH, 0, 0, 0, NOTHING);
      Eventually.until(() -> late.waiting() == 2);
      Held write = late.next();
      Held flush = late.next();
      assertThatThrownBy(() -> servers.server().handOver(Duration.ofMillis(50)))
          .hasMessageContaining("1 clients");
      write.perform();
      assertThat(client.receiveReply().error()).isZero();
      CompletableFuture<Void> next = CompletableFuture.runAsync(() -> next(servers));
      Thread.sleep(50); // the longer it waits, the better
      assertThat(next).isNotDone();
      flush.perform();
      next.get();
      assertThat(client.receiveReply().error()).isZero();
      late.setChoice((_, _, _) -> Time.NOW);
      assertThat(client.read(0, 512).data()).isEqualTo(bytes(512, 1));
    }
  }

  @Test
  void aSuccessorThatFailsCostsNothing() throws Exception {
    try (HandOvers servers = new HandOvers(device, OPTIONS, false);
        NbdTestClient client = NbdTestClient.connect(servers.address(), true)) {
      for (int i = 0; i < 3; i++) {
        LinuxSocket[] control = LinuxSocket.pair();
        servers.server().handOver(HandOvers.PATIENCE).send(control[0]);
        NbdHandOver taken = NbdHandOver.receive(control[1]);
        assertThat(taken.count()).isOne();
        NbdExport other = new NbdExport("ram", new RamDevice(1 << 20));
        assertThatThrownBy(() -> NbdServer.resume(taken, other, OPTIONS, (_, _) -> {}))
            .isInstanceOf(IOException.class)
            .hasMessageContaining("the clients were promised");
        taken.close();
        servers.server().goOn();
        control[0].close();
        control[1].close();
        assertThat(client.read(0, 512).error()).isZero();
      }
    }
    assertThat(device.openChannels()).isZero();
  }

  @Test
  void closingInTheMiddleLeavesTheSocketsFileToTheSuccessor() throws Exception {
    Path directory = Files.createTempDirectory("nbd");
    Path socket = directory.resolve("socket");
    NbdExport export = new NbdExport("", device);
    NbdServer server = NbdServer.start(NbdAddress.parse("unix:" + socket), export, OPTIONS);
    server.handOver(HandOvers.PATIENCE);
    server.close();
    assertThat(socket).exists();
    NbdServer.removeDeadSocket(new NbdAddress.Unix(socket));
    Files.delete(directory);
  }

  @Test
  void noFileStaysOpen() throws Exception {
    long before = openFiles();
    try (HandOvers servers = new HandOvers(device, OPTIONS, false);
        NbdTestClient client = NbdTestClient.connect(servers.address(), true)) {
      for (int i = 0; i < 5; i++) {
        servers.next();
        client.read(0, 512);
      }
      servers.server().handOver(HandOvers.PATIENCE);
      servers.server().goOn();
    }
    Eventually.until(() -> openFiles() <= before);
  }

  private static long openFiles() {
    try (Stream<Path> files = Files.list(Path.of("/proc/self/fd"))) {
      return files.count();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  // ---- under load

  /** Writers that read back what they wrote, while servers come and go. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void fiftyHandOversUnderLoadLoseNothing(boolean tcp) throws Exception {
    AtomicBoolean stop = new AtomicBoolean();
    AtomicInteger rounds = new AtomicInteger();
    try (HandOvers servers = new HandOvers(device, OPTIONS, tcp);
        ExecutorService threads = Executors.newCachedThreadPool();
        NbdTestClient idle = NbdTestClient.connect(servers.address(), true)) {
      List<Future<?>> writers = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        int index = i;
        NbdAddress address = servers.address();
        writers.add(threads.submit(() -> write(address, index, rounds, stop)));
      }
      for (int i = 0; i < 50; i++) {
        int before = rounds.get();
        Eventually.until(
            () -> rounds.get() > before + 2 || writers.stream().anyMatch(Future::isDone));
        servers.next();
      }
      stop.set(true);
      for (Future<?> writer : writers) {
        writer.get();
      }
      assertThat(idle.read(0, 512).error()).isZero();
      List<Long> pauses = servers.pauses().stream().sorted().toList();
      System.out.printf(
          "pause of %d hand-overs, %s: p50 %.1f ms, p99 %.1f ms%n",
          pauses.size(),
          tcp ? "TCP" : "unix",
          pauses.get(pauses.size() / 2) / 1e6,
          pauses.getLast() / 1e6);
    }
    assertThat(device.openChannels()).isZero();
  }

  private static void write(
      NbdAddress address, int index, AtomicInteger rounds, AtomicBoolean stop) {
    Random random = new Random(index);
    int size = 4 << 20;
    int base = index * size;
    byte[] model = new byte[size];
    try (NbdTestClient client = NbdTestClient.connect(address, index % 2 == 0)) {
      client.write(base, model);
      while (!stop.get()) {
        int length = 1 + random.nextInt(random.nextInt(4) == 0 ? 2 << 20 : 8192);
        int at = random.nextInt(size - length);
        byte[] data = bytes(length, random.nextInt());
        System.arraycopy(data, 0, model, at, length);
        assertThat(client.write(base + at, data).error()).isZero();
        int from = random.nextInt(size - length);
        assertThat(client.read(base + from, length).data())
            .isEqualTo(Arrays.copyOfRange(model, from, from + length));
        rounds.incrementAndGet();
      }
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
