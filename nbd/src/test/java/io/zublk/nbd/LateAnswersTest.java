package io.zublk.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zublk.block.BlockChannel;
import io.zublk.block.Errno;
import io.zublk.nbd.LateDevice.Held;
import io.zublk.nbd.LateDevice.Time;
import io.zublk.nbd.NbdTestClient.Reply;
import io.zublk.nbd.RamDevice.Operation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Devices that answer later, from threads of their own. */
@Timeout(60)
class LateAnswersTest {

  private static final byte[] NOTHING = {};
  private static final int SIZE = 16 << 20;
  private static final int PAGE = 4096;

  /** What a test that wants a late answer asks for; the rest of the device answers at once. */
  private static final int SLOW = 8 << 20;

  private final RamDevice ram = new RamDevice(SIZE);
  private final LateDevice device = new LateDevice(ram);
  private final byte[] contents = bytes(SIZE, 3);
  private TestServer server;

  @BeforeEach
  void start() throws IOException {
    try (BlockChannel channel = ram.openChannel()) {
      channel.write(0, MemorySegment.ofArray(contents), 0, SIZE);
    }
    server = new TestServer(device, NbdOptions.defaults().withWorkers(0));
    device.setChoice((_, position, _) -> position >= SLOW ? Time.HELD : Time.NOW);
  }

  @AfterEach
  void stop() throws IOException {
    if (ram.openChannels() > 0) {
      server.close();
    }
    device.close();
    assertThat(ram.openChannels()).isZero();
  }

  private static byte[] bytes(int length, int seed) {
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = (byte) (i * 7 + i / 4096 + seed);
    }
    return bytes;
  }

  private byte[] contents(int position, int length) {
    return Arrays.copyOfRange(contents, position, position + length);
  }

  private NbdTestClient connect(boolean structured) throws IOException {
    return NbdTestClient.connect(server.address(), structured);
  }

  private static long sendRead(NbdTestClient client, int position, int length) throws IOException {
    return client.send(NbdProtocol.CMD_READ, 0, position, length, NOTHING);
  }

  // ---- others go on

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void othersAreServedWhileARequestIsLate(boolean structured) throws Exception {
    try (NbdTestClient client = connect(structured)) {
      long late = sendRead(client, SLOW, PAGE);
      Held held = device.next();
      for (int i = 0; i < 200; i++) {
        assertThat(client.read((long) i * PAGE, PAGE).data()).isEqualTo(contents(i * PAGE, PAGE));
        assertThat(client.write(PAGE, contents(PAGE, PAGE)).error()).isZero();
      }
      held.perform();
      Reply reply = client.receiveReply();
      assertThat(reply.cookie()).isEqualTo(late);
      assertThat(reply.data()).isEqualTo(contents(SLOW, PAGE));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void manyAreLateAndAnsweredInAnyOrder(boolean structured) throws Exception {
    try (NbdTestClient client = connect(structured)) {
      Map<Long, Integer> sent = new HashMap<>();
      for (int i = 0; i < 40; i++) {
        int position = SLOW + i * 3 * PAGE + i;
        sent.put(sendRead(client, position, 5000), position);
      }
      List<Held> held = new ArrayList<>();
      while (held.size() < 40) {
        held.add(device.next());
      }
      for (int i = 0; i < 40; i++) {
        held.get((i * 17 + 5) % 40).perform();
      }
      while (!sent.isEmpty()) {
        Reply reply = client.receiveReply();
        assertThat(reply.data()).isEqualTo(contents(sent.remove(reply.cookie()), 5000));
      }
    }
  }

  @Test
  void aClientThatTakesNoRepliesDoesNotKeepTheThreadThatAnswers() throws Exception {
    List<Held> held = new ArrayList<>();
    try (NbdTestClient client = connect(true)) {
      for (int i = 0; i < 4; i++) {
        long _ = sendRead(client, SLOW, 256 << 10); // more than the sockets take
      }
      while (held.size() < 4) {
        held.add(device.next());
      }
      for (Held each : held) {
        each.perform();
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"4096, 128", "262144, 4"})
  void whenThereIsNoRoomForMoreTheyWait(int length, int most) throws Exception {
    try (NbdTestClient client = connect(true)) {
      int asked = 3 * most / 2;
      for (int i = 0; i < asked; i++) {
        long _ = sendRead(client, SLOW + i * PAGE, length);
      }
      Eventually.until(() -> device.waiting() >= most);
      assertThat(device.waiting()).isEqualTo(most);
      for (int i = 0; i < asked; i++) {
        device.next().perform();
        Reply reply = client.receiveReply();
        assertThat(reply.data()).isEqualTo(contents(SLOW + i * PAGE, length));
      }
      assertThat(device.late()).isEqualTo(asked);
    }
  }

  // ---- the answer and the return

  @ParameterizedTest
  @EnumSource(
      value = Time.class,
      names = {"TOO_SOON", "SOON"})
  void anAnswerMayComeBeforeTheReturnAndAtAnyTimeAfterIt(Time time) throws IOException {
    AtomicInteger flushes = new AtomicInteger();
    ram.setRule((operation, _, _) -> {
      if (operation == Operation.FLUSH) {
        flushes.incrementAndGet();
      }
      return 0;
    });
    device.setChoice((_, _, _) -> time);
    for (boolean structured : new boolean[] {true, false}) {
      try (NbdTestClient client = connect(structured)) {
        byte[] data = bytes(1 << 20, structured ? 5 : 6);
        for (int i = 0; i < 20; i++) {
          int fua = NbdProtocol.CMD_FLAG_FUA;
          assertThat(client.call(NbdProtocol.CMD_WRITE, fua, 512, data.length, data).error())
              .isZero();
          assertThat(client.write(3 << 20, bytes(PAGE, i)).error()).isZero();
          assertThat(client.read(512, data.length).data()).isEqualTo(data);
          assertThat(client.read(3 << 20, PAGE).data()).isEqualTo(bytes(PAGE, i));
          assertThat(client.call(NbdProtocol.CMD_FLUSH, 0, 0, 0, NOTHING).error()).isZero();
          assertThat(client.call(NbdProtocol.CMD_TRIM, fua, 3 << 20, PAGE, NOTHING).error())
              .isZero();
          assertThat(client.call(NbdProtocol.CMD_WRITE_ZEROES, 0, 600, 10, NOTHING).error())
              .isZero();
          assertThat(client.read(600, 10).data()).containsOnly(0);
        }
      }
    }
    assertThat(flushes).hasValue(2 * 20 * 3);
    assertThat(device.late()).isGreaterThan(2 * 20 * 8);
  }

  @Test
  void aFlushThatIsLateIsNotDoneTwice() throws Exception {
    AtomicInteger flushes = new AtomicInteger();
    ram.setRule((operation, _, _) -> {
      if (operation == Operation.FLUSH) {
        flushes.incrementAndGet();
      }
      return 0;
    });
    device.setChoice((operation, _, _) -> operation == Operation.FLUSH ? Time.HELD : Time.NOW);
    try (NbdTestClient client = connect(true)) {
      long _ = client.send(NbdProtocol.CMD_WRITE, NbdProtocol.CMD_FLAG_FUA, 0, 512, new byte[512]);
      device.next().perform();
      assertThat(client.receiveReply().error()).isZero();
      assertThat(flushes).hasValue(1);
    }
  }

  // ---- parts

  @ParameterizedTest
  @CsvSource({"true, 0", "true, 1", "false, 0"})
  void anyPartsOfALargeReadMayBeLate(boolean structured, int hole) throws Exception {
    if (hole > 0) {
      try (BlockChannel channel = ram.openChannel()) {
        channel.writeZeroes(SLOW + (64 << 10), 64 << 10, true);
      }
      Arrays.fill(contents, SLOW + (64 << 10), SLOW + (128 << 10), (byte) 0);
    }
    int length = 1 << 20;
    for (int lateParts = 1; lateParts < 16; lateParts++) {
      int late = lateParts;
      device.setChoice((_, position, _) -> {
        long piece = (position - SLOW) / (256 << 10);
        return (late & (1L << piece)) != 0 ? Time.SOON : Time.NOW;
      });
      try (NbdTestClient client = connect(structured)) {
        for (int i = 0; i < 4; i++) {
          long _ = sendRead(client, SLOW, length);
          long _ = sendRead(client, SLOW, length / 4);
        }
        for (int i = 0; i < 8; i++) {
          Reply reply = client.receiveReply();
          assertThat(reply.error()).isZero();
          assertThat(reply.data()).isEqualTo(contents(SLOW, reply.data().length));
        }
      }
    }
    assertThat(device.late()).isPositive();
  }

  /** The hole is in the middle: the device is asked for what is before and what is behind it. */
  @ParameterizedTest
  @CsvSource({"HELD, true", "HELD, false", "TOO_SOON, true", "TOO_SOON, false"})
  void aChunkThatIsLateMayComeBeforeOrAfterTheOthers(Time time, boolean isFirst) throws Exception {
    try (BlockChannel channel = ram.openChannel()) {
      channel.writeZeroes(64 << 10, 64 << 10, true);
    }
    Arrays.fill(contents, 64 << 10, 128 << 10, (byte) 0);
    device.setChoice((_, position, _) -> (position == 0) == isFirst ? time : Time.NOW);
    try (NbdTestClient client = connect(true)) {
      long _ = sendRead(client, 0, 256 << 10);
      if (time == Time.HELD) {
        device.next().perform();
      }
      Reply reply = client.receiveReply();
      assertThat(reply.error()).isZero();
      assertThat(reply.chunks()).isEqualTo(3);
      assertThat(reply.data()).isEqualTo(contents(0, 256 << 10));
    }
    assertThat(device.late()).isOne();
  }

  @Test
  void theDataOfALateWriteStayWhereTheyAre() throws Exception {
    try (NbdTestClient client = connect(true)) {
      byte[] data = bytes(32 << 10, 9);
      long late = client.send(NbdProtocol.CMD_WRITE, 0, SLOW, data.length, data);
      Held held = device.next();
      byte[] other = bytes(200 << 10, 10);
      for (int i = 0; i < 20; i++) {
        assertThat(client.write(0, other).error()).isZero();
      }
      held.perform();
      assertThat(client.receiveReply().cookie()).isEqualTo(late);
      device.setChoice((_, _, _) -> Time.NOW);
      assertThat(client.read(SLOW, data.length).data()).isEqualTo(data);
      assertThat(client.read(0, other.length).data()).isEqualTo(other);
    }
  }

  // ---- errors and faults

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void anErrorThatIsLateReachesItsRequest(boolean structured) throws Exception {
    try (NbdTestClient client = connect(structured)) {
      int[] types = {NbdProtocol.CMD_READ, NbdProtocol.CMD_TRIM, NbdProtocol.CMD_WRITE_ZEROES};
      for (int type : types) {
        long _ = client.send(type, 0, SLOW, PAGE, NOTHING);
        device.next().answer(-Errno.ENOSPC);
        assertThat(client.receiveReply().error()).as("type %d", type).isEqualTo(Errno.ENOSPC);
      }
      long _ = client.send(NbdProtocol.CMD_WRITE, 0, SLOW, PAGE, new byte[PAGE]);
      device.next().answer(-Errno.ENOSPC);
      assertThat(client.receiveReply().error()).isEqualTo(Errno.ENOSPC);
      assertThat(client.read(0, PAGE).data()).isEqualTo(contents(0, PAGE));
      assertThat(server.server().counters().errors()).isEqualTo(4);
    }
  }

  @Test
  void aSecondAnswerIsRefused() throws Exception {
    try (NbdTestClient client = connect(true)) {
      long _ = sendRead(client, SLOW, PAGE);
      Held held = device.next();
      held.perform();
      assertThatThrownBy(held::perform).isInstanceOf(IllegalStateException.class);
      assertThat(client.receiveReply().error()).isZero();
      long _ = sendRead(client, SLOW, PAGE);
      Held next = device.next();
      assertThatThrownBy(held::perform).isInstanceOf(IllegalStateException.class);
      next.perform();
      assertThat(client.receiveReply().data()).isEqualTo(contents(SLOW, PAGE));
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Time.class,
      names = {"THROWN", "RETURNED", "NEVER"})
  void aDeviceThatDoesNotKeepToTheRulesCostsOneRequestOnly(Time time) throws Exception {
    device.setChoice((_, position, _) -> position >= SLOW ? time : Time.NOW);
    try (CapturedLog log = new CapturedLog();
        NbdTestClient client = connect(true)) {
      for (int i = 0; i < 2 * LateOperations.MAX_OPERATIONS; i++) {
        assertThat(client.read(SLOW, PAGE).error()).isEqualTo(Errno.EIO);
        assertThat(client.write(SLOW, new byte[PAGE]).error()).isEqualTo(Errno.EIO);
      }
      assertThat(client.read(0, PAGE).data()).isEqualTo(contents(0, PAGE));
      assertThat(log.lines(true)).singleElement().asString().contains("EIO");
      if (time != Time.NEVER) {
        assertThatThrownBy(device.next()::perform).isInstanceOf(IllegalStateException.class);
      }
    }
  }

  // ---- the end

  @Test
  void theMemoryOfAClientThatHasLeftIsKeptUntilTheAnswer() throws Exception {
    byte[] data = bytes(PAGE, 77);
    NbdTestClient leaving = connect(true);
    long _ = leaving.send(NbdProtocol.CMD_WRITE, 0, SLOW, PAGE, data);
    Held write = device.next();
    long _ = sendRead(leaving, SLOW + PAGE, PAGE);
    Held read = device.next();
    leaving.close();
    for (int i = 0; i < 20; i++) {
      try (NbdTestClient next = connect(true)) {
        assertThat(next.write(0, new byte[PAGE]).error()).isZero();
      }
    }
    Eventually.until(() -> server.server().counters().connections() <= 1);
    write.perform();
    assertThat(server.server().counters().connections()).isOne();
    read.perform();
    Eventually.until(() -> server.server().counters().connections() <= 0);
    device.setChoice((_, _, _) -> Time.NOW);
    try (NbdTestClient next = connect(true)) {
      assertThat(next.read(SLOW, PAGE).data()).isEqualTo(data);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void closeWaitsForWhatIsLateAndAnswersIt(boolean isLarge) throws Exception {
    try (NbdTestClient client = connect(isLarge)) {
      int length = isLarge ? 256 << 10 : PAGE;
      long _ = sendRead(client, SLOW, length);
      Held held = device.next();
      Thread closer = Thread.ofPlatform().start(this::closeServer);
      Thread.sleep(200); // the more of close() happens before the answer, the better
      assertThat(closer.isAlive()).isTrue();
      held.perform();
      assertThat(client.receiveReply().data()).isEqualTo(contents(SLOW, length));
      assertThat(client.isHungUp()).isTrue();
      closer.join();
    }
    assertThat(ram.openChannels()).isZero();
  }

  private void closeServer() {
    try {
      server.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
