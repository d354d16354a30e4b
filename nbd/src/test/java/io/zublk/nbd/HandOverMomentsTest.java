package io.zublk.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Hand-overs at any moment of what a client says. */
class HandOverMomentsTest {

  /** Pipelined requests in pieces of any length: each is answered once, whatever the moment. */
  @Property(tries = 10)
  void noByteIsLostOrDoubled(@ForAll long seed) throws Exception {
    Random random = new Random(seed);
    int requests = 200;
    byte[] model = new byte[1 << 20];
    ByteBuffer said = ByteBuffer.allocate(4 << 20);
    for (int i = 0; i < requests; i++) {
      int length = 1 + random.nextInt(random.nextInt(8) == 0 ? 100_000 : 3000);
      int at = random.nextInt(model.length - length);
      byte[] data = new byte[length];
      random.nextBytes(data);
      System.arraycopy(data, 0, model, at, length);
      said.putInt(NbdProtocol.REQUEST_MAGIC).putInt(NbdProtocol.CMD_WRITE).putLong(i);
      said.putLong(at).putInt(length).put(data);
    }
    said.flip();
    // Without workers writes happen in the order in which they are sent.
    NbdOptions options = NbdOptions.defaults().withWorkers(0);
    try (HandOvers servers = new HandOvers(new RamDevice(model.length), options, false);
        ExecutorService threads = Executors.newCachedThreadPool();
        NbdTestClient client = NbdTestClient.connect(servers.address(), false)) {
      CountDownLatch handedOver = new CountDownLatch(1);
      Future<?> sender = threads.submit(() -> sendInPieces(client, said, random, handedOver));
      Future<?> server = threads.submit(() -> nextUntil(sender, servers, handedOver));
      for (int i = 0; i < requests; i++) {
        ByteBuffer reply = client.receive(16);
        assertThat(reply.getInt(4)).isZero();
        assertThat(reply.getLong(8)).isEqualTo(i);
      }
      sender.get();
      server.get();
      assertThat(servers.pauses()).isNotEmpty();
      assertThat(client.read(0, model.length).data()).isEqualTo(model);
    }
  }

  private static void nextUntil(Future<?> sender, HandOvers servers, CountDownLatch handedOver) {
    try {
      while (!sender.isDone()) {
        servers.next();
        handedOver.countDown();
      }
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The last byte is not sent before there was a hand-over: others may have kept the CPUs busy. */
  private static void sendInPieces(
      NbdTestClient client, ByteBuffer said, Random random, CountDownLatch handedOver) {
    try {
      while (said.hasRemaining()) {
        if (said.remaining() == 1) {
          handedOver.await();
        }
        int most = Math.max(1, said.remaining() - 1);
        int piece = Math.min(most, 1 + random.nextInt(20_000));
        client.sendBytes(said.slice(said.position(), piece));
        said.position(said.position() + piece);
        if (random.nextInt(4) == 0) {
          Thread.sleep(1);
        }
      }
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
