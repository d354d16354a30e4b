package io.zublk.vhost;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zublk.block.BlockDevice;
import io.zublk.block.Geometry;
import io.zublk.block.Polling;
import io.zublk.uring.sys.EventCount;
import io.zublk.uring.sys.LinuxFile;
import io.zublk.uring.sys.LinuxSocket;
import io.zublk.uring.sys.Memory;
import io.zublk.uring.sys.PollSet;
import io.zublk.uring.sys.SocketAccess;
import io.zublk.vhost.examples.RamDevice;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A client's whole life, over a real socket and real shared memory. */
@Timeout(120)
class VhostServerTest {

  private static final long DISK_BYTES = 8 << 20;
  private static final long MEMORY_BYTES = 8 << 20;
  private static final int RING = 64;

  private static final int OK = 0;
  private static final int IOERR = 1;
  private static final int UNSUPP = 2;

  @TempDir Path directory;

  private final List<String> failures = new ArrayList<>();
  private VhostServer server;

  @AfterEach
  void nothingHasFailed() throws IOException {
    if (server != null) {
      server.close();
    }
    assertThat(failures).isEmpty();
  }

  private TestGuest guest(VhostOptions options, int blockBytes, long features) throws IOException {
    Geometry geometry = new Geometry(DISK_BYTES, blockBytes);
    RamDevice device = new RamDevice(geometry, Memory.mapAnonymous(DISK_BYTES));
    server =
        VhostServer.start(
            directory.resolve("vhost.sock"), device, options, (reason, _) -> failures.add(reason));
    return TestGuest.ready(server.path(), MEMORY_BYTES, features);
  }

  private TestGuest guest(BlockDevice device) throws IOException {
    server =
        VhostServer.start(
            directory.resolve("vhost.sock"),
            device,
            VhostOptions.defaults(),
            (reason, _) -> failures.add(reason));
    return TestGuest.ready(server.path(), MEMORY_BYTES, 0);
  }

  private TestGuest guest() throws IOException {
    return guest(VhostOptions.defaults(), 4096, 0);
  }

  private static TestRing ring(TestGuest guest) throws IOException {
    return TestRing.start(guest, 0, 0, RING, 4096);
  }

  private static byte[] data(TestGuest guest, TestRing ring, int length) {
    return guest.memory().asSlice(ring.dataAt(0), length).toArray(JAVA_BYTE);
  }

  private static void setData(TestGuest guest, TestRing ring, byte[] bytes) {
    guest.memory().asSlice(ring.dataAt(0), bytes.length).copyFrom(MemorySegment.ofArray(bytes));
  }

  private static byte[] random(int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }

  // ---- requests

  @ParameterizedTest
  @CsvSource({
    "false, false, false", "false, false, true", "false, true, false", "false, true, true",
    "true, false, false", "true, false, true", "true, true, false", "true, true, true"
  })
  void whatIsWrittenIsRead(boolean polls, boolean eventIndex, boolean indirect) throws Exception {
    VhostOptions options =
        VhostOptions.defaults().withPolling(polls ? new Polling(true, 1000, true) : Polling.OFF);
    try (TestGuest guest = guest(options, 4096, eventIndex ? TestGuest.EVENT_IDX : 0)) {
      TestRing ring = new TestRing(guest.memory(), 0, RING, 4096, indirect);
      TestRing.start(guest, 0, ring);
      byte[] bytes = random(4096);
      setData(guest, ring, bytes);
      assertThat(ring.perform(TestRing.OUT, 16, 4096)).isEqualTo(OK);
      assertThat(ring.lastUsedBytes()).isEqualTo(1);
      setData(guest, ring, new byte[4096]);
      assertThat(ring.perform(TestRing.IN, 16, 4096)).isEqualTo(OK);
      assertThat(ring.lastUsedBytes()).isEqualTo(4097);
      assertThat(data(guest, ring, 4096)).isEqualTo(bytes);
      assertThat(ring.perform(TestRing.FLUSH, 0, 0)).isEqualTo(OK);
      assertThat(server.statistics().requests()).isEqualTo(3);
    }
  }

  @Test
  void aDeviceOf512ByteBlocksTakesAnySector() throws Exception {
    try (TestGuest guest = guest(VhostOptions.defaults(), 512, 0)) {
      TestRing ring = ring(guest);
      byte[] bytes = random(1536);
      setData(guest, ring, bytes);
      assertThat(ring.perform(TestRing.OUT, 3, 1536)).isEqualTo(OK);
      setData(guest, ring, new byte[1536]);
      assertThat(ring.perform(TestRing.IN, 4, 512)).isEqualTo(OK);
      assertThat(data(guest, ring, 512)).isEqualTo(Arrays.copyOfRange(bytes, 512, 1024));
    }
  }

  @Test
  void discardedAndClearedRangesReadAsZeros() throws Exception {
    try (TestGuest guest = guest()) {
      TestRing ring = ring(guest);
      for (int type : new int[] {TestRing.DISCARD, TestRing.WRITE_ZEROES}) {
        setData(guest, ring, random(4096));
        assertThat(ring.perform(TestRing.OUT, 8, 4096)).isEqualTo(OK);
        setData(guest, ring, range(8, 8, 0));
        assertThat(ring.perform(type, 0, 16)).isEqualTo(OK);
        assertThat(ring.perform(TestRing.IN, 8, 4096)).isEqualTo(OK);
        assertThat(data(guest, ring, 4096)).containsOnly(0);
      }
    }
  }

  private static byte[] range(long sector, int sectors, int flags) {
    byte[] bytes = new byte[16];
    MemorySegment range = MemorySegment.ofArray(bytes);
    range.set(JAVA_LONG_UNALIGNED, 0, sector);
    range.set(JAVA_INT_UNALIGNED, 8, sectors);
    range.set(JAVA_INT_UNALIGNED, 12, flags);
    return bytes;
  }

  @Test
  void wrongRequestsGetAnErrorAndTheNextOneIsServed() throws Exception {
    try (TestGuest guest = guest()) {
      TestRing ring = ring(guest);
      assertThat(ring.perform(TestRing.IN, DISK_BYTES / 512, 512)).isEqualTo(IOERR);
      assertThat(ring.perform(TestRing.IN, -1, 512)).isEqualTo(IOERR);
      assertThat(ring.perform(TestRing.IN, 1L << 55, 512)).isEqualTo(IOERR);
      assertThat(ring.perform(TestRing.IN, 0, 100)).isEqualTo(IOERR);
      assertThat(ring.perform(TestRing.OUT, DISK_BYTES / 512 - 1, 1024)).isEqualTo(IOERR);
      assertThat(ring.perform(99, 0, 0)).isEqualTo(UNSUPP);
      setData(guest, ring, range(0, 8, 1));
      assertThat(ring.perform(TestRing.DISCARD, 0, 16)).isEqualTo(UNSUPP);
      setData(guest, ring, range(0, 8, 2));
      assertThat(ring.perform(TestRing.WRITE_ZEROES, 0, 16)).isEqualTo(UNSUPP);
      setData(guest, ring, range(0, 1 << 30, 0));
      assertThat(ring.perform(TestRing.DISCARD, 0, 16)).isEqualTo(IOERR);
      assertThat(ring.perform(TestRing.DISCARD, 0, 15)).isEqualTo(IOERR);
      assertThat(ring.perform(TestRing.IN, 0, 512)).isEqualTo(OK);
    }
  }

  @Test
  void theSerialNumberIsTold() throws Exception {
    try (TestGuest guest = guest(VhostOptions.defaults().withSerial("abc"), 4096, 0)) {
      TestRing ring = ring(guest);
      setData(guest, ring, random(64));
      assertThat(ring.perform(TestRing.GET_ID, 0, 20)).isEqualTo(OK);
      assertThat(data(guest, ring, 20)).isEqualTo(Arrays.copyOf(new byte[] {97, 98, 99}, 20));
    }
  }

  @Test
  void aReadOnlyDeviceRefusesWrites() throws Exception {
    try (TestGuest guest = guest(VhostOptions.defaults().withReadOnly(true), 4096, 0)) {
      TestRing ring = ring(guest);
      assertThat(ring.perform(TestRing.OUT, 0, 4096)).isEqualTo(IOERR);
      assertThat(ring.perform(TestRing.DISCARD, 0, 16)).isEqualTo(UNSUPP);
      assertThat(ring.perform(TestRing.IN, 0, 4096)).isEqualTo(OK);
      assertThat(guest.askU64(1, new long[] {}) & 1 << 5).isNotZero();
    }
  }

  @Test
  void largeRequestsTravelInParts() throws Exception {
    int length = 1 << 20;
    try (TestGuest guest = guest()) {
      TestRing ring = TestRing.start(guest, 0, 0, 8, length);
      byte[] bytes = random(length);
      setData(guest, ring, bytes);
      assertThat(ring.perform(TestRing.OUT, 8, length)).isEqualTo(OK);
      setData(guest, ring, new byte[length]);
      assertThat(ring.perform(TestRing.IN, 8, length)).isEqualTo(OK);
      assertThat(data(guest, ring, length)).isEqualTo(bytes);
    }
  }

  // ---- rings

  @Test
  void severalQueuesAreServedBySeveralThreads() throws Exception {
    try (TestGuest guest = guest(VhostOptions.defaults().withThreads(2), 4096, 0)) {
      TestRing[] rings = new TestRing[4];
      long at = 0;
      for (int queue = 0; queue < rings.length; queue++) {
        rings[queue] = TestRing.start(guest, queue, at, RING, 4096);
        at += rings[queue].bytes() + 4095 & -4096;
      }
      for (int round = 0; round < 200; round++) {
        for (TestRing ring : rings) {
          assertThat(ring.perform(TestRing.IN, round, 4096)).isEqualTo(OK);
        }
      }
      assertThat(server.statistics().requests()).isEqualTo(800);
    }
  }

  @Test
  void aStoppedRingTellsWhereItStandsAndGoesOnThere() throws Exception {
    try (TestGuest guest = guest()) {
      TestRing ring = ring(guest);
      for (int i = 0; i < 100; i++) {
        assertThat(ring.perform(TestRing.IN, 0, 512)).isEqualTo(OK);
      }
      assertThat(guest.stopRing(0)).isEqualTo(100);
      TestRing.start(guest, 0, ring);
      assertThat(ring.perform(TestRing.IN, 0, 512)).isEqualTo(OK);
      assertThat(guest.stopRing(0)).isEqualTo(101);
    }
  }

  @Test
  void aDisabledRingIsNotServedUntilItIsEnabled() throws Exception {
    try (TestGuest guest = guest()) {
      TestRing ring = ring(guest);
      guest.enable(0, false);
      ring.request(0, TestRing.IN, 0, 512);
      ring.submit(0);
      ring.kickOnce();
      assertThat(guest.askU64(17, new long[] {})).isEqualTo(64); // it lives, and takes its time
      assertThat(ring.hasUsed()).isFalse();
      guest.enable(0, true);
      ring.awaitUsed();
    }
  }

  @Test
  void aClientIsCalledOnlyWhenItWantsThat() throws Exception {
    try (TestGuest guest = guest()) {
      TestRing ring = ring(guest);
      ring.wantCalls(false);
      assertThat(ring.perform(TestRing.IN, 0, 512)).isEqualTo(OK);
      Eventually.isSo("the thread sleeps", ring::isKickWanted);
      assertThat(server.statistics().get(VhostCounter.CALLS)).isZero();
      ring.wantCalls(true);
      assertThat(ring.perform(TestRing.IN, 0, 512)).isEqualTo(OK);
      Eventually.isSo(
          "the client is called", () -> server.statistics().get(VhostCounter.CALLS) == 1);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"head", "index", "next", "loop", "nested", "table", "empty table", "too long"})
  void aBrokenRingStopsAloneAndItsClientLearnsOfIt(String how) throws Exception {
    try (TestGuest guest = guest()) {
      TestRing ring = ring(guest);
      TestRing other = TestRing.start(guest, 1, 4 << 20, RING, 4096);
      EventCount error = EventCount.open();
      assertThat(guest.askU64(14, new long[] {0}, error.fd())).isZero();
      breakRing(ring, how);
      ring.kickOnce();
      var errors = new PollSet(error.fd());
      Eventually.isSo("the error is told", () -> errors.await(0) == 1);
      assertThat(server.statistics().get(VhostCounter.BROKEN_RINGS)).isEqualTo(1);
      assertThat(ring.hasUsed()).isFalse();
      assertThat(other.perform(TestRing.IN, 0, 512)).isEqualTo(OK);
      assertThat(guest.stopRing(0)).isBetween(0, 1);
    }
  }

  private static void breakRing(TestRing ring, String how) {
    ring.request(0, TestRing.IN, 0, 512);
    long first = ring.descriptorsAt();
    switch (how) {
      case "head" -> ring.submitHead(RING);
      case "index" -> ring.setAvailableIndex(RING + 1);
      case "next" -> ring.descriptor(first, 0, 16, TestRing.NEXT, RING);
      case "loop" -> ring.descriptor(first, 0, 16, TestRing.NEXT, 0);
      case "nested" -> {
        ring.descriptor(first, 48, 32, TestRing.INDIRECT, 0);
        ring.descriptor(48, 48, 32, TestRing.INDIRECT, 0);
      }
      case "table" -> ring.descriptor(first, 0, 24, TestRing.INDIRECT, 0);
      case "empty table" -> ring.descriptor(first, 0, 0, TestRing.INDIRECT, 0);
      default -> ring.descriptor(first, 0, -1, TestRing.NEXT, 0);
    }
    if (how.equals("head")) {
      ring.publish();
    } else if (!how.equals("index")) {
      ring.submit(0);
    }
  }

  @Test
  void memoryThatIsTakenAwayFailsTheRequestAlone() throws Exception {
    try (TestGuest guest = guest()) {
      TestRing ring = ring(guest);
      for (int type : new int[] {TestRing.IN, TestRing.OUT}) {
        LinuxFile extra = LinuxFile.memory("extra", 0);
        extra.truncate(1 << 20);
        long[] region = {0, TestGuest.GUEST_BASE * 4, 1 << 20, TestGuest.USER_BASE + (1L << 40), 0};
        assertThat(guest.askU64(37, region, extra.fd())).isZero();
        ring.request(0, type, 0, 4096);
        ring.descriptorOf(
            ring.descriptorsAt() + 16,
            TestGuest.GUEST_BASE * 4,
            4096,
            TestRing.NEXT | (type == TestRing.IN ? TestRing.WRITE : 0),
            2);
        extra.truncate(0);
        ring.submit(0);
        ring.kickOnce();
        ring.awaitUsed();
        assertThat(ring.status(ring.takeUsed())).isEqualTo(IOERR);
        assertThat(ring.perform(TestRing.IN, 0, 4096)).isEqualTo(OK);
        assertThat(guest.askU64(38, region)).isZero();
        extra.close();
      }
      assertThat(server.statistics().get(VhostCounter.MEMORY_FAULTS)).isEqualTo(2);
      assertThat(server.statistics().get(VhostCounter.BROKEN_RINGS)).isZero();
    }
  }

  @Test
  void aRingWhoseMemoryIsTakenAwayStops() throws Exception {
    try (TestGuest guest = guest()) {
      TestRing ring = ring(guest);
      assertThat(ring.perform(TestRing.IN, 0, 4096)).isEqualTo(OK);
      guest.file().truncate(0);
      guest.tell(3); // whatever: the thread looks at its rings
      ring.kickOnce();
      Eventually.isSo(
          "the ring is given up", () -> server.statistics().get(VhostCounter.BROKEN_RINGS) == 1);
    }
    try (TestGuest next = TestGuest.ready(server.path(), MEMORY_BYTES, 0)) {
      assertThat(ring(next).perform(TestRing.IN, 0, 4096)).isEqualTo(OK);
    }
  }

  /** A call that it has not noticed would be the last one. */
  @Test
  void aClientThatGoesOnWithARingIsCalledAgain() throws Exception {
    try (TestGuest guest = guest()) {
      TestRing ring = ring(guest);
      for (int i = 0; i < 3; i++) {
        assertThat(ring.perform(TestRing.IN, 0, 512)).isEqualTo(OK);
      }
      assertThat(guest.stopRing(0)).isEqualTo(3);
      TestRing.start(guest, 0, ring);
      for (int i = 0; i < 3; i++) {
        ring.call().take();
        Eventually.isSo("it is called", () -> new PollSet(ring.call().fd()).await(0) == 1);
      }
    }
  }

  // ---- another size

  @Test
  void aClientThatListensHearsOfAnotherSizeAndUsesIt() throws Exception {
    ResizableDisk disk = new ResizableDisk(DISK_BYTES, 2 * DISK_BYTES);
    try (TestGuest guest = guest(disk);
        LinuxSocket news = guest.listen()) {
      assertThat(guest.readSize()).isEqualTo(DISK_BYTES);
      TestRing ring = ring(guest);
      assertThat(ring.perform(TestRing.OUT, DISK_BYTES / 512, 4096)).isEqualTo(IOERR);
      disk.resize(2 * DISK_BYTES);
      assertThat(server.resized()).isTrue();
      assertHears(news);
      assertThat(guest.readSize()).isEqualTo(2 * DISK_BYTES);
      assertThat(ring.perform(TestRing.OUT, DISK_BYTES / 512, 4096)).isEqualTo(OK);
      disk.resize(DISK_BYTES / 2);
      assertThat(server.resized()).isTrue();
      assertHears(news);
      assertThat(guest.readSize()).isEqualTo(DISK_BYTES / 2);
      assertThat(ring.perform(TestRing.OUT, DISK_BYTES / 1024 - 8, 4096)).isEqualTo(OK);
      for (int type : new int[] {TestRing.IN, TestRing.OUT}) {
        assertThat(ring.perform(type, DISK_BYTES / 1024 - 1, 4096)).isEqualTo(IOERR);
      }
      setData(guest, ring, range(DISK_BYTES / 1024, 8, 0));
      assertThat(ring.perform(TestRing.DISCARD, 0, 16)).isEqualTo(IOERR);
    }
  }

  private static void assertHears(LinuxSocket news) throws IOException {
    news.setReceiveTimeout(20_000);
    MemorySegment message = Arena.ofAuto().allocate(12, 4);
    news.receiveAll(message);
    assertThat(message.toArray(JAVA_INT)).containsExactly(2, 1, 0);
  }

  private static boolean hearsNothing(LinuxSocket news) {
    return new PollSet(news.fd()).await(0) == 0;
  }

  @Test
  void itIsKnownWhetherTheClientHearsOfAnotherSize() throws Exception {
    try (TestGuest guest = guest()) {
      assertThat(server.resized()).isFalse();
      LinuxSocket news = guest.listen();
      assertThat(server.resized()).isTrue();
      news.close();
      assertThat(server.resized()).isFalse();
    }
    Eventually.isSo("it has left", () -> server.client().isEmpty());
    assertThat(server.resized()).isTrue();
  }

  /** QEMU that connects again does not ask, and listens only when it has started a ring. */
  @Test
  void aClientThatMayHaveAnotherSizeInMindHearsOfItWhenItStartsARing() throws Exception {
    try (TestGuest guest = guest();
        LinuxSocket news = guest.listen()) {
      var _ = ring(guest);
      assertHears(news);
      TestRing.start(guest, 1, 4 << 20, RING, 4096);
      assertThat(hearsNothing(news)).isTrue();
    }
    try (TestGuest guest = TestGuest.ready(server.path(), MEMORY_BYTES, 0);
        LinuxSocket news = guest.listen()) {
      assertThat(guest.readSize()).isEqualTo(DISK_BYTES);
      var _ = ring(guest);
      assertThat(hearsNothing(news)).isTrue();
    }
  }

  @Test
  void whoDoesNotReadWhatItHearsIsNotWaitedFor() throws Exception {
    try (TestGuest guest = guest();
        LinuxSocket news = guest.listen()) {
      for (int i = 0; i < 10_000; i++) {
        assertThat(server.resized()).isTrue();
      }
      assertHears(news);
    }
  }

  // ---- clients that take nothing

  @Test
  void aClientThatCannotBeCalledMoreOftenKeepsOnlyItsOwnRingsFromBeingServed() throws Exception {
    try (TestGuest guest = guest()) {
      TestRing ring = ring(guest);
      fill(ring.call());
      assertThat(guest.askU64(18, new long[] {1L << 32})).isZero();
      guest.tell(new long[] {0}, 13, ring.call().fd()); // and call it at once
      assertThat(guest.askU64(17, new long[] {})).isEqualTo(64);
      ring.request(0, TestRing.IN, 0, 512);
      ring.submit(0);
      ring.kickOnce();
      fill(ring.call());
      assertThat(guest.stopRing(0)).isBetween(0, 1);
    }
    try (TestGuest next = TestGuest.ready(server.path(), MEMORY_BYTES, 0)) {
      TestRing ring = ring(next);
      assertThat(ring.perform(TestRing.IN, 0, 4096)).isEqualTo(OK);
      fill(ring.call());
      server.close();
    }
  }

  @Test
  void aClientThatIsCalledAgainCannotKeepTheNextOneFromComing() throws Exception {
    try (TestGuest guest = guest()) {
      TestRing ring = ring(guest);
      assertThat(ring.perform(TestRing.IN, 0, 512)).isEqualTo(OK);
      assertThat(guest.stopRing(0)).isEqualTo(1);
      TestRing.start(guest, 0, ring);
      ring.call().take();
      Eventually.isSo("it is called again", () -> new PollSet(ring.call().fd()).await(0) == 1);
      fill(ring.call());
      try (TestGuest second = TestGuest.connect(server.path(), 4096)) {
        assertThatThrownBy(() -> second.askU64(1, new long[] {})).isInstanceOf(IOException.class);
      }
    }
    try (TestGuest next = TestGuest.ready(server.path(), MEMORY_BYTES, 0)) {
      assertThat(ring(next).perform(TestRing.IN, 0, 4096)).isEqualTo(OK);
    }
  }

  /** Sets a count to the highest that there is, so that one more waits. */
  private static void fill(EventCount count) throws InterruptedException {
    MemorySegment most = Arena.ofAuto().allocate(JAVA_LONG_UNALIGNED);
    most.set(JAVA_LONG_UNALIGNED, 0, -2);
    LinuxFile file = LinuxFile.adopt("count", count.fd());
    count.take();
    Thread filler = Thread.ofPlatform().daemon().start(() -> file.append(most, 0, Long.BYTES));
    while (!filler.join(Duration.ofMillis(100))) {
      count.take(); // the server has called in between, so that the filler waits
    }
  }

  @Test
  void aClientThatTakesNoRepliesIsHungUpOn() throws Exception {
    try (TestGuest guest = guest()) {
      assertThatThrownBy(
              () -> {
                while (true) {
                  guest.tell(1);
                }
              })
          .isInstanceOf(IOException.class);
    }
    try (TestGuest next = TestGuest.ready(server.path(), MEMORY_BYTES, 0)) {
      assertThat(ring(next).perform(TestRing.IN, 0, 4096)).isEqualTo(OK);
    }
  }

  // ---- what was in flight

  @Test
  void anotherServerDoesWhatOneHadTaken() throws Exception {
    try (TestGuest guest = guest()) {
      LinuxFile area = guest.keepInflight(RING);
      MemorySegment notes = Memory.mapShared(area, 0, 16 + 16 * RING);
      TestRing ring = ring(guest);
      for (int i = 0; i < 5; i++) {
        assertThat(ring.perform(TestRing.IN, 0, 512)).isEqualTo(OK);
      }
      assertThat(server.client().orElseThrow().keepsInflight()).isTrue();
      assertThat(guest.stopRing(0)).isEqualTo(5);
      assertThat(notes.get(JAVA_BYTE, 16)).isZero();
      // As a server leaves it that has died with two requests of which it had given none.
      ring.request(0, TestRing.IN, 0, 512);
      ring.request(1, TestRing.OUT, 0, 512);
      ring.submitHead(0);
      ring.submitHead(3);
      ring.publish();
      notes.set(JAVA_BYTE, 16 + 16 * 3, (byte) 1);
      notes.set(JAVA_LONG_UNALIGNED, 16 + 16 * 3 + 8, 90);
      notes.set(JAVA_BYTE, 16, (byte) 1);
      notes.set(JAVA_LONG_UNALIGNED, 16 + 8, 91);
      TestRing.start(guest, 0, ring);
      Eventually.isSo("both are answered", () -> ring.usedIndex() == 7);
      assertThat(ring.takeUsed()).isEqualTo(1);
      assertThat(ring.takeUsed()).isZero();
      assertThat(notes.get(JAVA_BYTE, 16 + 16 * 3)).isZero();
    }
  }

  // ---- the protocol

  @Test
  void aClientSaysAllInOneTableOfMemory() throws Exception {
    try (TestGuest guest = guest()) {
      long[] table = {
        2,
        TestGuest.GUEST_BASE,
        4 << 20,
        TestGuest.USER_BASE,
        0,
        TestGuest.GUEST_BASE + (4 << 20),
        4 << 20,
        TestGuest.USER_BASE + (4 << 20),
        4 << 20
      };
      int fd = guest.file().fd();
      assertThat(guest.askU64(5, table, fd, fd)).isZero();
      assertThat(ring(guest).perform(TestRing.IN, 0, 4096)).isEqualTo(OK);
      assertThat(guest.askU64(5, table, fd)).isNotZero();
      assertThat(guest.askU64(5, table, fd, fd)).isZero();
    }
  }

  @Test
  void memoryThatCannotBeIsRefused() throws Exception {
    try (TestGuest guest = guest()) {
      long[][] refused = {
        TestGuest.region(0, 4096), // it is there already
        {0, 0, 0, 0, 0},
        {0, 0, -1, 0, 0},
        {0, -4096, 8192, 4096, 0},
        {0, 0, 4096, -1, 0},
        {0, 0, MEMORY_BYTES, 0, 4096},
        {0, 0, 4096, 0, Long.MAX_VALUE - 100},
        {0, 0, 4096, TestGuest.USER_BASE + 4096, 0},
      };
      for (long[] region : refused) {
        assertThat(guest.askU64(37, region, guest.file().fd())).as("%s", region[1]).isNotZero();
      }
      assertThat(guest.askU64(37, new long[] {0, 0, 4096, 0, 0})).isNotZero(); // no file
      assertThat(guest.askU64(38, new long[] {0, 7, 7, 7, 7})).isNotZero();
      assertThat(guest.askU64(38, TestGuest.region(0, MEMORY_BYTES), guest.file().fd())).isZero();
    }
  }

  /** A page of it could take as long to come as its file system likes. */
  @Test
  void memoryThatLiesOnADiskIsRefused() throws Exception {
    Path path = Files.createTempFile(Path.of("target"), "guest", ""); // /tmp may be memory
    try (TestGuest guest = guest();
        LinuxFile file = LinuxFile.open(path, LinuxFile.O_RDWR, 0)) {
      file.truncate(4 << 20);
      long[] region = {0, 0, 4096, 0, 0};
      assertThat(guest.askU64(37, region, file.fd())).isNotZero();
      long[] table = {1, 0, 4096, 0, 0};
      assertThat(guest.askU64(5, table, file.fd())).isNotZero();
      long[] notes = {1 << 20, 0, 1 | 256L << 16};
      guest.send(32, 1 | 8, 20, MemorySegment.ofArray(notes).asSlice(0, 20), file.fd());
      assertThat(guest.receive(32).get(JAVA_LONG_UNALIGNED, 0)).isNotZero();
      assertThat(guest.askU64(37, region, guest.file().fd())).isZero();
    } finally {
      Files.delete(path);
    }
  }

  @Test
  void theConfigurationTellsTheDevicesShape() throws Exception {
    try (TestGuest guest = guest()) {
      MemorySegment asked = MemorySegment.ofArray(new byte[12 + 60]);
      asked.set(JAVA_INT_UNALIGNED, 4, 60);
      guest.send(24, 1, 72, asked);
      MemorySegment config = guest.receive(24).asSlice(12);
      assertThat(config.get(JAVA_LONG_UNALIGNED, 0)).isEqualTo(DISK_BYTES / 512);
      assertThat(config.get(JAVA_INT_UNALIGNED, 20)).isEqualTo(4096);
      asked.set(JAVA_INT_UNALIGNED, 0, 90);
      guest.send(24, 1, 72, asked);
      assertThat(guest.receive(24).byteSize()).isZero();
    }
  }

  @Test
  void rulesOfTheProtocolAreHeld() throws Exception {
    try (TestGuest guest = guest()) {
      assertThat(guest.askU64(2, new long[] {1L << 34})).isNotZero();
      assertThat(guest.askU64(18, new long[] {64 | 1L << 32})).isNotZero();
      assertThat(guest.askU64(8, new long[] {-1})).isNotZero();
      assertThat(guest.askU64(99, new long[] {})).isNotZero();
      assertThat(guest.askU64(21, new long[] {})).isNotZero();
      assertThat(guest.askU64(21, new long[] {}, guest.file().fd())).isNotZero(); // no socket
      assertThat(guest.askU64(18, new long[] {})).isNotZero();
      assertThat(guest.askU64(12, new long[] {0}, guest.file().fd())).isNotZero(); // no eventfd
      assertThat(guest.askU64(12, new long[] {1 << 8})).isNotZero(); // a ring of no size
    }
  }

  @Test
  void whoSaysNonsenseIsHungUpOnAndTheNextClientIsServed() throws Exception {
    try (TestGuest guest = guest()) {
      guest.send(1, 0, 0, MemorySegment.ofArray(new byte[0])); // version 0
      assertThatThrownBy(() -> guest.receive(1)).isInstanceOf(EOFException.class);
    }
    try (TestGuest guest = TestGuest.connect(server.path(), MEMORY_BYTES)) {
      guest.send(1, 1, 1 << 20, MemorySegment.ofArray(new byte[0]));
      assertThatThrownBy(() -> guest.receive(1)).isInstanceOf(EOFException.class);
    }
    try (TestGuest guest = TestGuest.ready(server.path(), MEMORY_BYTES, 0)) {
      assertThat(ring(guest).perform(TestRing.IN, 0, 4096)).isEqualTo(OK);
    }
  }

  @Test
  void aSecondClientIsHungUpOnWhileTheFirstIsThere() throws Exception {
    try (TestGuest guest = guest()) {
      int own = (int) ProcessHandle.current().pid();
      assertThat(server.client()).contains(new VhostClient(own, false));
      try (TestGuest second = TestGuest.connect(server.path(), 4096)) {
        assertThatThrownBy(() -> second.askU64(1, new long[] {})).isInstanceOf(IOException.class);
      }
      assertThat(ring(guest).perform(TestRing.IN, 0, 4096)).isEqualTo(OK);
    }
    for (int i = 0; i < 20; i++) {
      try (TestGuest next = TestGuest.ready(server.path(), MEMORY_BYTES, 0)) {
        assertThat(ring(next).perform(TestRing.IN, 0, 4096)).isEqualTo(OK);
      }
    }
  }

  @Test
  void theSocketIsItsOwnersAndGoesWithTheServer() throws Exception {
    try (TestGuest guest = guest()) {
      assertThat(guest.askU64(36, new long[] {})).isEqualTo(509);
      assertThat(Files.getPosixFilePermissions(server.path()))
          .isEqualTo(PosixFilePermissions.fromString("rw-------"));
      assertThatThrownBy(() ->
              VhostServer.start(server.path(), device(), VhostOptions.defaults(), (_, _) -> {}))
          .hasMessageContaining("another server listens there");
      server.close();
      assertThat(server.path()).doesNotExist();
    }
    Files.writeString(server.path(), "a file");
    VhostServer.removeDeadSocket(server.path());
    assertThatThrownBy(
            () -> VhostServer.start(server.path(), device(), VhostOptions.defaults(), (_, _) -> {}))
        .hasMessageContaining("no socket");
    assertThat(server.path()).hasContent("a file");
  }

  @Test
  void aLostSocketIsSeen() throws Exception {
    VhostOptions options = VhostOptions.defaults().withSocketAccess(new SocketAccess(0660, null));
    try (TestGuest guest = guest(options, 4096, 0)) {
      assertThat(Files.getPosixFilePermissions(server.path()))
          .isEqualTo(PosixFilePermissions.fromString("rw-rw----"));
      VhostServer.removeDeadSocket(server.path());
      assertThat(server.isListening()).isTrue();
      Files.delete(server.path());
      assertThat(server.isListening()).isFalse();
      assertThat(ring(guest).perform(TestRing.IN, 0, 4096)).isEqualTo(OK);
    }
  }

  private static RamDevice device() throws IOException {
    return new RamDevice(new Geometry(4096, 4096), Memory.mapAnonymous(4096));
  }
}
