package io.zublk.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.block.Errno;
import io.zublk.nbd.LateDevice.Time;
import io.zublk.nbd.NbdTestClient.Reply;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/**
 * Random requests against an array of bytes. Requests of a round are in flight together, on several
 * connections, and do not overlap, so that their order does not matter; rounds do overlap.
 */
class RandomRequestsTest {

  /** Larger than the largest piece a request is cut into, and no whole number of pages. */
  private static final int SIZE = (3 << 20) + 512;

  private static final int ROUNDS = 12;
  private static final int REQUESTS_PER_ROUND = 24;

  /** A request in flight. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Sent(int type, int flags, int position, int length, byte[] data) {}

  private final byte[] model = new byte[SIZE];
  private final boolean[] bad = new boolean[SIZE];

  @Property(tries = 25)
  void everyReplyIsWhatAnArrayOfBytesWouldGive(
      @ForAll long seed,
      @ForAll boolean structured,
      @ForAll @IntRange(min = 1, max = 3) int connections,
      @ForAll @IntRange(min = 0, max = 3) int workers,
      @ForAll @IntRange(min = 0, max = 2) int latePerTwo)
      throws IOException {
    Arrays.fill(model, (byte) 0);
    Random random = new Random(seed);
    NbdOptions options = NbdOptions.defaults().withWorkers(workers);
    try (LateDevice device = new LateDevice(new RamDevice(SIZE));
        TestServer server = new TestServer(device, options)) {
      device.setChoice((_, _, _) -> whenever(latePerTwo));
      List<NbdTestClient> clients = new ArrayList<>();
      for (int i = 0; i < connections; i++) {
        clients.add(NbdTestClient.connect(server.address(), structured));
      }
      for (int round = 0; round < ROUNDS; round++) {
        playRound(random, clients, structured);
      }
      try (NbdTestClient last = NbdTestClient.connect(server.address(), structured)) {
        assertThat(last.read(0, SIZE).data()).isEqualTo(model);
      }
      for (NbdTestClient client : clients) {
        client.close();
      }
    }
  }

  private void playRound(Random random, List<NbdTestClient> clients, boolean structured)
      throws IOException {
    boolean[] touched = new boolean[SIZE];
    List<Map<Long, Sent>> sent = new ArrayList<>();
    for (int i = 0; i < clients.size(); i++) {
      sent.add(new HashMap<>());
    }
    for (int i = 0; i < REQUESTS_PER_ROUND; i++) {
      Sent request = randomRequest(random, structured);
      if (isFree(touched, request)) {
        int client = random.nextInt(clients.size());
        long cookie =
            clients
                .get(client)
                .send(
                    request.type(),
                    request.flags(),
                    request.position(),
                    request.length(),
                    request.data());
        sent.get(client).put(cookie, request);
      }
    }
    for (int client = 0; client < clients.size(); client++) {
      while (!sent.get(client).isEmpty()) {
        Reply reply = clients.get(client).receiveReply();
        check(sent.get(client).remove(reply.cookie()), reply);
      }
    }
  }

  private static Sent randomRequest(Random random, boolean structured) {
    int length =
        switch (random.nextInt(4)) {
          case 0 -> 1 + random.nextInt(700);
          case 1 -> 512 * (1 + random.nextInt(64));
          case 2 -> 4096 * (1 + random.nextInt(64));
          default -> 1 + random.nextInt(SIZE / 2);
        };
    int position = random.nextInt(SIZE - length + 1);
    if (random.nextInt(3) > 0) {
      position &= -512;
    }
    int fua = random.nextInt(8) == 0 ? NbdProtocol.CMD_FLAG_FUA : 0;
    byte[] none = {};
    return switch (random.nextInt(structured ? 10 : 9)) {
      case 0, 1, 2 -> new Sent(NbdProtocol.CMD_READ, fua, position, length, none);
      case 3, 4, 5 -> new Sent(NbdProtocol.CMD_WRITE, fua, position, length, data(random, length));
      case 6 -> new Sent(NbdProtocol.CMD_WRITE_ZEROES, fua, position, length, none);
      case 7 ->
          new Sent(
              NbdProtocol.CMD_WRITE_ZEROES, NbdProtocol.CMD_FLAG_NO_HOLE, position, length, none);
      case 8 -> new Sent(NbdProtocol.CMD_TRIM, fua, position, length, none);
      default -> new Sent(NbdProtocol.CMD_BLOCK_STATUS, 0, position, length, none);
    };
  }

  private static Time whenever(int latePerTwo) {
    ThreadLocalRandom random = ThreadLocalRandom.current();
    if (random.nextInt(2) >= latePerTwo) {
      return Time.NOW;
    }
    return random.nextBoolean() ? Time.SOON : Time.TOO_SOON;
  }

  private static byte[] data(Random random, int length) {
    byte[] data = new byte[length];
    random.nextBytes(data);
    return data;
  }

  /** Whether a request overlaps none before it in its round; to the page, as trims act on pages. */
  private static boolean isFree(boolean[] touched, Sent request) {
    int end = request.position() + request.length();
    for (int i = request.position(); i < end; i++) {
      if (touched[i]) {
        return false;
      }
    }
    Arrays.fill(touched, request.position(), end, true);
    return true;
  }

  private void check(Sent request, Reply reply) {
    assertThat(reply.error()).isZero();
    int from = request.position();
    int to = from + request.length();
    switch (request.type()) {
      case NbdProtocol.CMD_READ ->
          assertThat(reply.data()).isEqualTo(Arrays.copyOfRange(model, from, to));
      case NbdProtocol.CMD_WRITE -> System.arraycopy(request.data(), 0, model, from, to - from);
      case NbdProtocol.CMD_WRITE_ZEROES -> Arrays.fill(model, from, to, (byte) 0);
      case NbdProtocol.CMD_TRIM -> {
        int firstPage = (from + 4095) & -4096;
        int lastPage = to & -4096;
        if (firstPage < lastPage) {
          Arrays.fill(model, firstPage, lastPage, (byte) 0);
        }
      }
      default -> checkStatus(request, reply);
    }
  }

  private void checkStatus(Sent request, Reply reply) {
    int at = request.position();
    for (NbdTestClient.Extent extent : reply.extents()) {
      int end = at + (int) extent.length();
      if (extent.flags() != 0) {
        for (int i = at; i < end; i++) {
          assertThat(model[i]).isZero();
        }
      }
      at = end;
    }
    assertThat(at).isEqualTo(request.position() + request.length());
  }

  @Property(tries = 25)
  void failuresOfTheDeviceReachExactlyTheRequestsTheyHit(
      @ForAll long seed,
      @ForAll boolean structured,
      @ForAll @IntRange(min = 0, max = 3) int workers)
      throws IOException {
    Random random = new Random(seed);
    RamDevice device = new RamDevice(SIZE);
    Arrays.fill(bad, false);
    for (int i = 0; i < 3; i++) {
      int at = random.nextInt(SIZE);
      Arrays.fill(bad, at, Math.min(SIZE, at + 4096), true);
    }
    device.setRule((operation, at, length) -> hits(at, length) ? Errno.ENOSPC : 0);
    NbdOptions options = NbdOptions.defaults().withWorkers(workers);
    try (TestServer server = new TestServer(device, options)) {
      NbdTestClient client = NbdTestClient.connect(server.address(), structured);
      Map<Long, Boolean> expected = new HashMap<>();
      for (int i = 0; i < 100; i++) {
        Sent request = randomRequest(random, false);
        boolean fails = hits(request.position(), request.length());
        boolean streamed =
            !structured
                && request.type() == NbdProtocol.CMD_READ
                && request.length() > ReplyBuffer.PAYLOAD_BYTES;
        if (!(fails && streamed)) { // such a one may end the connection instead
          long cookie =
              client.send(
                  request.type(),
                  request.flags(),
                  request.position(),
                  request.length(),
                  request.data());
          expected.put(cookie, fails);
        }
        if (expected.size() >= 8) {
          takeAll(client, expected);
        }
      }
      takeAll(client, expected);
      client.close();
    }
  }

  private static void takeAll(NbdTestClient client, Map<Long, Boolean> expected)
      throws IOException {
    while (!expected.isEmpty()) {
      Reply reply = client.receiveReply();
      boolean fails = expected.remove(reply.cookie());
      assertThat(reply.error()).isEqualTo(fails ? Errno.ENOSPC : 0);
    }
  }

  private boolean hits(long position, long length) {
    for (long i = position; i < position + length; i++) {
      if (bad[(int) i]) {
        return true;
      }
    }
    return false;
  }
}
