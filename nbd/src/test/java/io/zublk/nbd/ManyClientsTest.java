package io.zublk.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** As many clients at once as anybody has asked for, all of them busy. */
@Timeout(300)
class ManyClientsTest {

  private static final int CLIENTS = 256;

  /** Three parts, which workers share. */
  private static final int LENGTH = 600 << 10;

  private final RamDevice device = new RamDevice((long) CLIENTS * LENGTH);
  private final List<NbdTestClient> clients = new ArrayList<>();

  @Test
  void areServedWithinTheMemoryThatIsPromised() throws IOException {
    NbdOptions options = NbdOptions.defaults().withMaxConnections(CLIENTS).withWorkers(4);
    long before = directBytes();
    try (TestServer server = new TestServer(device, options)) {
      for (int i = 0; i < CLIENTS; i++) {
        clients.add(NbdTestClient.connect(server.address(), i % 2 == 0));
      }
      assertThat(server.server().counters().connections()).isEqualTo(CLIENTS);
      requestOfAll(NbdProtocol.CMD_WRITE);
      requestOfAll(NbdProtocol.CMD_READ);
      // The clients' own buffers, which the channels below them keep, count in the same pool.
      long ofClients = (long) CLIENTS * 2 * (LENGTH + (64 << 10));
      assertThat(directBytes() - before)
          .isLessThanOrEqualTo(options.maxDirectMemoryBytes() + ofClients);
      for (NbdTestClient client : clients) {
        client.close();
      }
    }
    assertThat(device.openChannels()).isZero();
  }

  /** Nobody waits for anybody: first all ask, then all are answered. */
  private void requestOfAll(int type) throws IOException {
    for (int i = 0; i < CLIENTS; i++) {
      byte[] payload = type == NbdProtocol.CMD_WRITE ? data(i) : new byte[0];
      clients.get(i).send(type, 0, (long) i * LENGTH, LENGTH, payload);
    }
    for (int i = 0; i < CLIENTS; i++) {
      NbdTestClient.Reply reply = clients.get(i).receiveReply();
      assertThat(reply.error()).isZero();
      if (type == NbdProtocol.CMD_READ) {
        assertThat(reply.data()).isEqualTo(data(i));
      }
    }
  }

  private static byte[] data(int client) {
    byte[] data = new byte[LENGTH];
    Arrays.fill(data, (byte) (client + 1));
    return data;
  }

  private static long directBytes() {
    return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
        .filter(pool -> pool.getName().equals("direct"))
        .mapToLong(BufferPoolMXBean::getMemoryUsed)
        .sum();
  }
}
