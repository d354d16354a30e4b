package io.zublk.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zublk.block.Errno;
import io.zublk.nbd.NbdTestClient.Extent;
import io.zublk.nbd.NbdTestClient.Reply;
import io.zublk.nbd.RamDevice.Operation;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class NbdConnectionTest {

  private static final byte[] NOTHING = {};
  private static final int SIZE = 64 << 20;
  private static final int PAGE = 4096;

  private final RamDevice device = new RamDevice(SIZE);
  private TestServer server;

  /** A client with structured replies. */
  private NbdTestClient client;

  @BeforeEach
  void start() throws IOException {
    server = new TestServer(device, NbdOptions.defaults().withWorkers(2));
    client = NbdTestClient.connect(server.address(), true);
  }

  @AfterEach
  void stop() throws IOException {
    client.close();
    server.close();
    assertThat(device.openChannels()).isZero();
  }

  private static byte[] bytes(int length, int seed) {
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = (byte) (i * 7 + i / 4096 + seed);
    }
    return bytes;
  }

  private int errorOf(int type, int flags, long position, long length) throws IOException {
    return client.call(type, flags, position, length, NOTHING).error();
  }

  // ---- data

  @ParameterizedTest
  @ValueSource(ints = {1, 511, 512, 513, 4095, 4096, 65536, 262144, 262145, 1 << 20, 32 << 20})
  void anyLengthUpToTheMaximumIsWrittenAndReadBack(int length) throws IOException {
    byte[] data = bytes(length, length);
    for (long position : new long[] {0, 1, 512, SIZE - length}) {
      assertThat(client.write(position, data).error()).isZero();
      assertThat(client.read(position, length).data()).isEqualTo(data);
      try (NbdTestClient simple = NbdTestClient.connect(server.address(), false)) {
        assertThat(simple.read(position, length).data()).isEqualTo(data);
      }
    }
  }

  @Test
  void requestsWithoutLengthSucceedAndDoNothing() throws IOException {
    try (NbdTestClient simple = NbdTestClient.connect(server.address(), false)) {
      for (NbdTestClient each : List.of(client, simple)) {
        assertThat(each.read(SIZE, 0).error()).isZero();
        assertThat(each.write(SIZE, NOTHING).error()).isZero();
        assertThat(each.call(NbdProtocol.CMD_TRIM, 0, 0, 0, NOTHING).error()).isZero();
      }
    }
    assertThat(errorOf(NbdProtocol.CMD_BLOCK_STATUS, 0, 0, 0)).isEqualTo(Errno.EINVAL);
  }

  @Test
  void headersCutByAReadAreServed() throws IOException {
    ByteBuffer request = ByteBuffer.allocate(28 + 512);
    request.putInt(NbdProtocol.REQUEST_MAGIC).putInt(NbdProtocol.CMD_WRITE).putLong(1);
    request.putLong(0).putInt(512).put(bytes(512, 1)).flip();
    while (request.hasRemaining()) {
      client.sendBytes(ByteBuffer.wrap(new byte[] {request.get()}));
    }
    client.receive(16);
    assertThat(client.read(0, 512).data()).isEqualTo(bytes(512, 1));
  }

  // ---- holes

  @Test
  void holesAreReadAsHoleChunksWhereThatPays() throws IOException {
    Reply nothing = client.read(0, 256 << 10);
    assertThat(nothing.holes()).isOne();
    assertThat(nothing.chunks()).isOne();
    client.write(64 << 10, bytes(PAGE, 1));
    Reply mixed = client.read(0, 256 << 10);
    assertThat(mixed.holes()).isEqualTo(2);
    assertThat(mixed.chunks()).isEqualTo(3);
    client.write(2 * PAGE, bytes(PAGE, 1));
    assertThat(client.read(0, 4 * PAGE).chunks()).isOne();
    assertThat(client.read(3 * PAGE, 100).holes()).isOne();
  }

  @Test
  void unfragmentedReadsComeInOneChunk() throws IOException {
    client.write(64 << 10, bytes(PAGE, 1));
    int flag = NbdProtocol.CMD_FLAG_DF;
    Reply reply = client.call(NbdProtocol.CMD_READ, flag, 0, 256 << 10, NOTHING);
    assertThat(reply.error()).isZero();
    assertThat(reply.chunks()).isOne();
    assertThat(reply.holes()).isZero();
    assertThat(errorOf(NbdProtocol.CMD_READ, flag, 0, (256 << 10) + 1))
        .isEqualTo(NbdProtocol.EOVERFLOW);
  }

  @Test
  void blockStatusTellsHolesZerosAndData() throws IOException {
    client.write(PAGE, bytes(2 * PAGE, 1));
    client.call(NbdProtocol.CMD_WRITE_ZEROES, 2, 3 * PAGE, 4 * PAGE, NOTHING);
    Reply all = client.call(NbdProtocol.CMD_BLOCK_STATUS, 0, 100, SIZE - 100, NOTHING);
    assertThat(all.extents())
        .containsExactly(
            new Extent(PAGE - 100, 3),
            new Extent(2 * PAGE, 0),
            new Extent(4 * PAGE, 2),
            new Extent(SIZE - 7 * PAGE, 3));
    Reply one = client.call(NbdProtocol.CMD_BLOCK_STATUS, 8, 100, SIZE - 100, NOTHING);
    assertThat(one.extents()).containsExactly(new Extent(PAGE - 100, 3));
  }

  @Test
  void longBlockStatusRepliesAreCutShort() throws IOException {
    for (int page = 0; page < 4096 + 10; page += 2) {
      client.write((long) page * PAGE, bytes(1, 1));
    }
    Reply reply = client.call(NbdProtocol.CMD_BLOCK_STATUS, 0, 0, SIZE, NOTHING);
    assertThat(reply.extents()).hasSize(2048);
  }

  @Test
  void zeroingFastIsPromisedOnlyForHoles() throws IOException {
    int fast = NbdProtocol.CMD_FLAG_FAST_ZERO;
    int zeroes = NbdProtocol.CMD_WRITE_ZEROES;
    client.write(0, bytes(PAGE, 1));
    assertThat(errorOf(zeroes, fast | NbdProtocol.CMD_FLAG_NO_HOLE, 0, PAGE))
        .isEqualTo(NbdProtocol.ENOTSUP);
    assertThat(client.read(0, PAGE).data()).isEqualTo(bytes(PAGE, 1));
    assertThat(errorOf(zeroes, fast, 0, PAGE)).isZero();
    assertThat(client.read(0, PAGE).data()).isEqualTo(new byte[PAGE]);
  }

  // ---- errors

  @Test
  void requestsOutsideTheDeviceGetTheErrorTheProtocolNames() throws IOException {
    for (long position : new long[] {SIZE - 511, SIZE, Long.MAX_VALUE - 511, -512, -1}) {
      assertThat(errorOf(NbdProtocol.CMD_READ, 0, position, 512)).isEqualTo(Errno.EINVAL);
      assertThat(client.write(position, bytes(512, 1)).error()).isEqualTo(Errno.ENOSPC);
      assertThat(errorOf(NbdProtocol.CMD_TRIM, 0, position, 512)).isEqualTo(Errno.EINVAL);
      assertThat(errorOf(NbdProtocol.CMD_CACHE, 0, position, 512)).isEqualTo(Errno.EINVAL);
      assertThat(errorOf(NbdProtocol.CMD_WRITE_ZEROES, 0, position, 512)).isEqualTo(Errno.ENOSPC);
      assertThat(errorOf(NbdProtocol.CMD_BLOCK_STATUS, 0, position, 512)).isEqualTo(Errno.EINVAL);
    }
    assertThat(client.read(0, SIZE / 2).data()).isEqualTo(new byte[SIZE / 2]);
  }

  @Test
  void requestsLargerThanAdvertisedAreRefusedAndTheConnectionGoesOn() throws IOException {
    int tooLong = (32 << 20) + 1;
    assertThat(errorOf(NbdProtocol.CMD_READ, 0, 0, tooLong)).isEqualTo(Errno.EINVAL);
    assertThat(errorOf(NbdProtocol.CMD_READ, 0, 0, -1)).isEqualTo(Errno.EINVAL);
    assertThat(client.write(0, new byte[tooLong]).error()).isEqualTo(Errno.EINVAL);
    assertThat(errorOf(NbdProtocol.CMD_WRITE_ZEROES, 0, 0, SIZE)).isZero();
  }

  @Test
  void writesOfGigabytesThatWouldBeRefusedAreHungUpOn() throws IOException {
    ByteBuffer request = ByteBuffer.allocate(28);
    request.putInt(NbdProtocol.REQUEST_MAGIC).putInt(NbdProtocol.CMD_WRITE).putLong(1).putLong(0);
    client.sendBytes(request.putInt((64 << 20) + 1).flip());
    assertThat(client.isHungUp()).isTrue();
  }

  @Test
  void unknownCommandsAndFlagsAreInvalid() throws IOException {
    assertThat(errorOf(8, 0, 0, 0)).isEqualTo(Errno.EINVAL);
    assertThat(errorOf(0xffff, 0, 0, 0)).isEqualTo(Errno.EINVAL);
    assertThat(errorOf(NbdProtocol.CMD_READ, 2, 0, 512)).isEqualTo(Errno.EINVAL);
    assertThat(errorOf(NbdProtocol.CMD_FLUSH, 0x8000, 0, 0)).isEqualTo(Errno.EINVAL);
    assertThat(errorOf(NbdProtocol.CMD_FLUSH, 0, 0, 1)).isEqualTo(Errno.EINVAL);
    byte[] data = bytes(100_000, 1);
    assertThat(client.call(NbdProtocol.CMD_WRITE, 32, 0, data.length, data).error())
        .isEqualTo(Errno.EINVAL);
    assertThat(client.read(0, PAGE).data()).isEqualTo(new byte[PAGE]);
    try (NbdTestClient simple = NbdTestClient.connect(server.address(), false)) {
      int df = NbdProtocol.CMD_FLAG_DF;
      assertThat(simple.call(NbdProtocol.CMD_READ, df, 0, 512, NOTHING).error())
          .isEqualTo(Errno.EINVAL);
    }
  }

  @Test
  void readOnlyExportsRefuseEveryChange() throws IOException {
    NbdExport export = new NbdExport("", "", device, true);
    try (NbdServer readOnly =
            NbdServer.start(NbdAddress.parse("tcp:[::1]:0"), export, NbdOptions.defaults());
        NbdTestClient reader = NbdTestClient.connect(readOnly.address(), true)) {
      assertThat(reader.write(0, bytes(512, 1)).error()).isEqualTo(Errno.EPERM);
      for (int type : new int[] {NbdProtocol.CMD_TRIM, NbdProtocol.CMD_WRITE_ZEROES}) {
        assertThat(reader.call(type, 0, 0, 512, NOTHING).error()).isEqualTo(Errno.EPERM);
      }
      assertThat(reader.read(0, 512).data()).isEqualTo(new byte[512]);
    }
  }

  @Test
  void errorsOfTheDeviceArriveAsTheProtocolKnowsThem() throws IOException {
    AtomicInteger errno = new AtomicInteger();
    device.setRule((operation, position, length) -> errno.get());
    for (int known : new int[] {1, 5, 12, 22, 28, 75, 95, 108}) {
      errno.set(known);
      assertThat(client.write(0, bytes(512, 1)).error()).isEqualTo(known);
      assertThat(errorOf(NbdProtocol.CMD_FLUSH, 0, 0, 0)).isEqualTo(known);
      assertThat(errorOf(NbdProtocol.CMD_BLOCK_STATUS, 0, 0, 512)).isEqualTo(known);
      assertThat(client.read(0, 512).error()).isEqualTo(known);
    }
    errno.set(116); // ESTALE
    assertThat(client.read(0, 512).error()).isEqualTo(Errno.EIO);
  }

  @Test
  void aFailedFlushFailsTheWriteThatAskedForIt() throws IOException {
    device.setRule((operation, at, length) -> operation == Operation.FLUSH ? Errno.EIO : 0);
    byte[] data = bytes(300_000, 1);
    assertThat(client.write(0, data).error()).isZero();
    int fua = NbdProtocol.CMD_FLAG_FUA;
    assertThat(client.call(NbdProtocol.CMD_WRITE, fua, 0, data.length, data).error())
        .isEqualTo(Errno.EIO);
  }

  @Test
  void aDeviceThatThrowsCostsOneRequestOnly() throws IOException {
    for (Throwable fault : List.of(new IllegalStateException("on purpose"), new Error("too"))) {
      device.setRule((operation, position, length) -> {
        if (position == 512) {
          throwUnchecked(fault);
        }
        return 0;
      });
      try (CapturedLog log = new CapturedLog()) {
        assertThat(client.write(512, bytes(512, 1)).error()).isEqualTo(Errno.EIO);
        assertThat(log.lines(true)).singleElement().asString().contains("EIO");
      }
      assertThat(client.read(512, 512).error()).isEqualTo(Errno.EIO);
      assertThat(errorOf(NbdProtocol.CMD_WRITE_ZEROES, 0, 512, 512)).isEqualTo(Errno.EIO);
      assertThat(errorOf(NbdProtocol.CMD_TRIM, 0, 512, PAGE)).isEqualTo(Errno.EIO);
      assertThat(client.read(0, 512).error()).isZero();
    }
  }

  /** A part of a large request is a worker's; it must end all the same. */
  @ParameterizedTest
  @ValueSource(ints = {NbdProtocol.CMD_READ, NbdProtocol.CMD_WRITE, NbdProtocol.CMD_WRITE_ZEROES})
  void aDeviceThatThrowsInAWorkerCostsOneRequestOnly(int type) throws IOException {
    device.setRule((operation, position, length) -> {
      if (Thread.currentThread().getName().startsWith("nbd-worker")) {
        throw new Error("on purpose");
      }
      return 0;
    });
    int length = 1 << 20;
    byte[] payload = type == NbdProtocol.CMD_WRITE ? bytes(length, 1) : NOTHING;
    List<Long> cookies = new ArrayList<>();
    int failed = 0;
    while (failed == 0) {
      for (int i = 0; i < 8; i++) {
        cookies.add(client.send(type, 0, 0, length, payload));
      }
      while (!cookies.isEmpty()) {
        Reply reply = client.receiveReply();
        assertThat(cookies.remove(reply.cookie())).isTrue();
        assertThat(reply.error()).isIn(0, Errno.EIO);
        failed += reply.error() == 0 ? 0 : 1;
      }
    }
    device.setRule((operation, position, at) -> 0);
    assertThat(client.read(0, length).error()).isZero();
  }

  private static void throwUnchecked(Throwable fault) {
    if (fault instanceof Error error) {
      throw error;
    }
    throw (RuntimeException) fault;
  }

  @Test
  void anErrorLateInASimpleReadEndsTheConnection() throws IOException {
    device.setRule((operation, at, length) -> at + length > 1 << 20 ? Errno.EIO : 0);
    try (NbdTestClient simple = NbdTestClient.connect(server.address(), false)) {
      assertThat(simple.read(1 << 20, 2 << 20).error()).isEqualTo(Errno.EIO);
      assertThatThrownBy(() -> simple.read(0, 2 << 20)).isInstanceOf(EOFException.class);
    }
    assertThat(client.read(0, 512).error()).isZero();
  }

  @Test
  void requestsWithoutTheMagicNumberAreHungUpOn() throws IOException {
    client.sendBytes(ByteBuffer.allocate(28));
    assertThat(client.isHungUp()).isTrue();
    try (NbdTestClient other = NbdTestClient.connect(server.address(), true)) {
      assertThat(other.read(0, 512).error()).isZero();
    }
  }

  @Test
  void clientsThatLeaveInTheMiddleOfAWriteHarmNobody() throws IOException {
    for (int sent : new int[] {0, 1, 4095, 4096, 100_000, 300_000, 900_000}) {
      try (NbdTestClient leaving = NbdTestClient.connect(server.address(), true)) {
        ByteBuffer request = ByteBuffer.allocate(28 + sent);
        request.putInt(NbdProtocol.REQUEST_MAGIC).putInt(NbdProtocol.CMD_WRITE).putLong(1);
        leaving.sendBytes(request.putLong(0).putInt(1 << 20).position(0));
      }
    }
    assertThat(client.read(2 << 20, 512).error()).isZero();
  }

  // ---- order

  @Test
  void disconnectAnswersOutstandingRequestsFirst() throws IOException {
    List<Long> cookies = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      int length = i % 2 == 0 ? 512 : 512 << 10;
      cookies.add(client.send(NbdProtocol.CMD_READ, 0, i, length, NOTHING));
    }
    client.send(NbdProtocol.CMD_DISC, 0, 0, 0, NOTHING);
    while (!cookies.isEmpty()) {
      assertThat(cookies.remove(client.receiveReply().cookie())).isTrue();
    }
    assertThat(client.isHungUp()).isTrue();
  }

  @Test
  void clientsThatCloseTheirSendingSideGetTheirReplies() throws IOException {
    client.send(NbdProtocol.CMD_READ, 0, 0, 1 << 20, NOTHING);
    client.send(NbdProtocol.CMD_READ, 0, 0, 512, NOTHING);
    client.endSending();
    assertThat(client.receiveReply().error()).isZero();
    assertThat(client.receiveReply().error()).isZero();
    assertThat(client.isHungUp()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(ints = {NbdProtocol.CMD_READ, NbdProtocol.CMD_WRITE, NbdProtocol.CMD_WRITE_ZEROES})
  void smallRequestsOvertakeALargeOneThatTakesLong(int type) throws Exception {
    CountDownLatch overtaken = new CountDownLatch(1);
    device.setRule((operation, position, length) -> {
      if (position == 1 << 20) { // the first part, should several threads share it
        await(overtaken);
      }
      return 0;
    });
    int length = 256 << 10;
    byte[] data = type == NbdProtocol.CMD_WRITE ? bytes(length, 1) : NOTHING;
    ByteBuffer both = ByteBuffer.allocate(2 * 28 + data.length);
    both.putInt(NbdProtocol.REQUEST_MAGIC).putInt(type).putLong(1).putLong(1 << 20);
    both.putInt(length).put(data);
    both.putInt(NbdProtocol.REQUEST_MAGIC).putInt(NbdProtocol.CMD_FLUSH).putLong(2).putLong(0);
    client.sendBytes(both.putInt(0).flip());
    ByteBuffer first = client.receive(16);
    assertThat(first.getLong(8)).isEqualTo(2);
    overtaken.countDown();
    assertThat(client.receive(16).getLong(8)).isEqualTo(1);
  }

  @Test
  void aClientThatTakesNoRepliesHindersNoOther() throws IOException {
    client.write(0, bytes(8 << 20, 1));
    try (NbdTestClient stuck = NbdTestClient.connect(server.address(), true)) {
      for (int i = 0; i < 16; i++) {
        stuck.send(NbdProtocol.CMD_READ, 0, 0, 4 << 20, NOTHING);
      }
      for (int i = 0; i < 50; i++) {
        assertThat(client.read(0, 2 << 20).error()).isZero();
        assertThat(client.write(0, bytes(300_000, i)).error()).isZero();
      }
    }
  }

  @Test
  void countersTellWhatWasDone() throws IOException {
    client.write(0, bytes(PAGE, 1));
    client.read(0, PAGE);
    client.read(SIZE, 1);
    errorOf(NbdProtocol.CMD_FLUSH, 0, 0, 0);
    errorOf(NbdProtocol.CMD_TRIM, 0, 0, PAGE);
    errorOf(NbdProtocol.CMD_WRITE_ZEROES, 0, 0, PAGE);
    errorOf(NbdProtocol.CMD_CACHE, 0, 0, PAGE);
    errorOf(NbdProtocol.CMD_BLOCK_STATUS, 0, 0, PAGE);
    NbdCounters counters = server.server().counters();
    assertThat(counters.connections()).isOne();
    assertThat(counters.reads()).isEqualTo(2);
    assertThat(counters.readBytes()).isEqualTo(PAGE);
    assertThat(counters.writes()).isOne();
    assertThat(counters.writtenBytes()).isEqualTo(PAGE);
    assertThat(counters.errors()).isOne();
    assertThat(counters.invalid()).isOne();
    assertThat(
            List.of(
                counters.flushes(),
                counters.trims(),
                counters.writeZeroes(),
                counters.caches(),
                counters.blockStatuses()))
        .containsOnly(1L);
    assertThat(counters.socketWrites()).isEqualTo(8);
    client.close();
    Eventually.until(() -> server.server().counters().connections() <= 0);
    assertThat(server.server().counters().reads()).isEqualTo(2);
  }

  private static void await(CountDownLatch latch) {
    try {
      if (!latch.await(60, TimeUnit.SECONDS)) {
        throw new IllegalStateException("nothing overtook");
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void repliesOfABatchAreSentTogether(boolean structured) throws IOException {
    client.write(0, bytes(64 * PAGE, 1));
    try (NbdTestClient reader = NbdTestClient.connect(server.address(), structured)) {
      long before = server.server().counters().socketWrites();
      ByteBuffer batch = ByteBuffer.allocate(32 * 28);
      for (int i = 0; i < 32; i++) {
        batch.putInt(NbdProtocol.REQUEST_MAGIC).putInt(NbdProtocol.CMD_READ).putLong(i);
        batch.putLong(i * 512L).putInt(512);
      }
      reader.sendBytes(batch.flip());
      ByteBuffer replies = reader.receive(32 * (512 + (structured ? 28 : 16)));
      assertThat(replies.getInt())
          .isEqualTo(
              structured ? NbdProtocol.STRUCTURED_REPLY_MAGIC : NbdProtocol.SIMPLE_REPLY_MAGIC);
      assertThat(server.server().counters().socketWrites() - before).isOne();
    }
  }

  // ---- clients that are gone

  /**
   * Its requests are received and its first one is begun before it leaves, and replies are owed.
   */
  @ParameterizedTest
  @CsvSource({"true,0", "false,0", "true,4", "true,6", "true,7"})
  void whatAClientThatLeftHasAskedForIsNotDone(boolean structured, int type) throws Exception {
    client.write(0, bytes(32 << 20, 1));
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch left = new CountDownLatch(1);
    AtomicInteger operations = new AtomicInteger();
    device.setRule((operation, position, length) -> {
      operations.incrementAndGet();
      begun.countDown();
      await(left);
      return 0;
    });
    try (NbdTestClient leaving = NbdTestClient.connect(server.address(), structured)) {
      ByteBuffer requests = ByteBuffer.allocate(9000 * 28);
      for (int i = 0; i < 9000; i++) {
        requests.putInt(NbdProtocol.REQUEST_MAGIC).putInt(type).putLong(i);
        requests.putLong(0).putInt(32 << 20);
      }
      leaving.sendBytes(requests.flip());
      await(begun);
    }
    left.countDown();
    Eventually.until(() -> server.server().counters().connections() <= 1);
    // Parts of the first request, and what workers had already been given.
    assertThat(operations.get()).isLessThan(50);
  }
}
