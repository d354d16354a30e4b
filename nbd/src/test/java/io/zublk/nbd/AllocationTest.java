package io.zublk.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.zublk.block.Threads;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Serving requests makes no garbage, in the server's code or in the channels below it. */
@Timeout(300)
class AllocationTest {

  private static final int BATCH = 32;
  private static final int WARM_UP_REQUESTS = 200_000;
  private static final int REQUESTS = 1_000_000;

  /** For the whole run, not for each request: the JVM's own doings on a thread, such as OSR. */
  private static final long TOLERATED_BYTES = 4096;

  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  @ParameterizedTest
  @ValueSource(strings = {"unix", "tcp"})
  void aMillionSmallRequestsAllocateNothing(String kind) throws IOException {
    RamDevice device = new RamDevice(16 << 20);
    try (TestServer unix = new TestServer(device, NbdOptions.defaults());
        NbdServer tcp =
            NbdServer.start(
                NbdAddress.parse("tcp:127.0.0.1:0"),
                new NbdExport("", device),
                NbdOptions.defaults());
        NbdTestClient client =
            NbdTestClient.connect(kind.equals("unix") ? unix.address() : tcp.address(), true)) {
      Load load = new Load(client, 4096);
      load.run(WARM_UP_REQUESTS);
      assertThat(leastAllocatedBy(load, REQUESTS)).isLessThanOrEqualTo(TOLERATED_BYTES);
    }
  }

  /** Large requests, some of which workers serve. */
  @ParameterizedTest
  @ValueSource(ints = {64 << 10, 320 << 10})
  void largeRequestsAllocateNothing(int length) throws IOException {
    try (TestServer server =
            new TestServer(new RamDevice(32 << 20), NbdOptions.defaults().withWorkers(2));
        NbdTestClient client = NbdTestClient.connect(server.address(), true)) {
      Load load = new Load(client, length);
      load.run(16_000);
      long handedOver = server.server().counters().handedOver();
      assertThat(leastAllocatedBy(load, 16_000)).isLessThanOrEqualTo(TOLERATED_BYTES);
      assertThat(server.server().counters().handedOver()).isGreaterThan(handedOver);
    }
  }

  /**
   * Where CPUs are busy late compilation spoils rounds; a request that allocates would spoil every
   * one.
   */
  private long leastAllocatedBy(Load load, int requests) throws IOException {
    long least = Long.MAX_VALUE;
    for (int round = 0; round < 50 && least > TOLERATED_BYTES; round++) {
      long before = allocatedByServers();
      load.run(requests);
      least = Math.min(least, allocatedByServers() - before);
    }
    return least;
  }

  private long allocatedByServers() {
    long sum = 0;
    for (long id : threads.getAllThreadIds()) {
      String name = threads.getThreadInfo(id).getThreadName();
      if (name.equals("nbd-client") || name.startsWith("nbd-worker")) {
        sum += threads.getThreadAllocatedBytes(id);
      }
    }
    return sum;
  }

  /** Batches of half WRITEs and half READs of what was written. */
  private static final class Load {
    private final SocketChannel channel;
    private final ByteBuffer requests;
    private final ByteBuffer replies;

    /** Fills the range first: the length of replies is known only where nothing is a hole. */
    Load(NbdTestClient client, int length) throws IOException {
      channel = client.channel();
      int writes = BATCH / 2;
      client.write(0, new byte[writes * length]);
      requests = ByteBuffer.allocateDirect(writes * (28 + length) + writes * 28);
      for (int i = 0; i < writes; i++) {
        putHeader(NbdProtocol.CMD_WRITE, i, length);
        requests.position(requests.position() + length);
      }
      for (int i = 0; i < writes; i++) {
        putHeader(NbdProtocol.CMD_READ, i, length);
      }
      int pieces = Math.ceilDiv(length, ReplyBuffer.PAYLOAD_BYTES);
      replies = ByteBuffer.allocateDirect(writes * 16 + writes * (pieces * 28 + length));
    }

    private void putHeader(int type, int index, int length) {
      requests.putInt(NbdProtocol.REQUEST_MAGIC).putInt(type).putLong(index);
      requests.putLong((long) index * length).putInt(length);
    }

    /** Sends from a thread of its own, as the socket may hold less than a batch. */
    void run(int count) throws IOException {
      Thread sender = Thread.ofPlatform().start(() -> send(count / BATCH));
      for (int i = 0; i < count / BATCH; i++) {
        replies.clear();
        while (replies.hasRemaining()) {
          if (channel.read(replies) < 0) {
            throw new IOException("the server hung up");
          }
        }
      }
      Threads.join(sender);
    }

    private void send(int batches) {
      try {
        for (int i = 0; i < batches; i++) {
          requests.clear();
          while (requests.hasRemaining()) {
            channel.write(requests);
          }
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
