package io.zublk.e2e;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.jr.ob.JSON;
import io.zublk.vhost.Libblkio;
import io.zublk.vhost.TestGuest;
import io.zublk.vhost.TestRing;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A device over vhost-user, and libblkio as its client. */
@Timeout(300)
class VhostTest extends WithDevices {

  private static final int MIB = 1 << 20;
  private static final int RING = 64;

  private Map<String, Object> create(String... options) throws Exception {
    List<String> arguments = new ArrayList<>(List.of("create", "--json", "--transport", "vhost"));
    arguments.addAll(List.of(options));
    return JSON.std.mapFrom(zublk.run(arguments.toArray(String[]::new)).ok().line());
  }

  private static Path path(Map<String, Object> device) {
    return Path.of(device.get("path").toString());
  }

  /** Writes at 1 MiB, as a client that comes and leaves. */
  private static void write(Map<String, Object> device, int value) throws Throwable {
    try (Libblkio client = new Libblkio(path(device))) {
      MemorySegment memory = client.start(false, MIB).fill((byte) value);
      assertThat(client.write(MIB, memory)).isZero();
    }
  }

  private static void assertReads(Map<String, Object> device, int value) throws Throwable {
    try (Libblkio client = new Libblkio(path(device))) {
      assertThat(client.capacity()).isEqualTo(16 * MIB);
      MemorySegment memory = client.start(true, MIB);
      assertThat(client.read(MIB, memory)).isZero();
      assertThat(memory.get(JAVA_BYTE, 0)).isEqualTo((byte) value);
      assertThat(memory.asSlice(1).mismatch(memory.asSlice(0, MIB - 1))).isEqualTo(-1);
    }
  }

  private void awaitNoClient() throws Exception {
    var _ = zublk.statWhen(0, stat -> stat.get("vhost_client").equals("none"));
  }

  @Test
  void servesOneClientAfterTheOtherUntilItIsRemoved() throws Throwable {
    Path socket = temp.resolve("disk.sock");
    Map<String, Object> device =
        create("--size=16M", "--listen=unix:" + socket, "--threads=3", "--listen-mode=0660");
    assertThat(device).containsEntry("transport", "vhost").containsEntry("path", socket.toString());
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)))
        .isEqualTo("rw-rw----");
    write(device, 7);
    try (Libblkio client = new Libblkio(socket)) {
      MemorySegment memory = client.start(false, MIB);
      assertThat(client.read(MIB, memory)).isZero();
      assertThat(memory.get(JAVA_BYTE, MIB - 1)).isEqualTo((byte) 7);
      String own = "(process %d)".formatted(ProcessHandle.current().pid());
      assertThat(zublk.stat("unix:" + socket))
          .containsEntry("streams", 3)
          .containsEntry("vhost_threads", 3)
          .containsEntry("vhost_writes", 1)
          .containsEntry("vhost_written_bytes", MIB)
          .containsEntry("vhost_read_bytes", MIB)
          .containsEntry("orig_data_size", MIB)
          .extractingByKey("vhost_client")
          .asString()
          .contains(own);
      zublk.run("remove", socket.toString()).refused("in use by", own, "--force");
      assertThatThrownBy(() -> new Libblkio(socket)).isInstanceOf(IOException.class);
      assertThat(zublk.runDir().resolve("0/log")).content().contains("one at a time is served");
      assertThat(client.read(MIB, memory)).isZero();
    }
    awaitNoClient();
    zublk.run("remove", "0").ok();
    assertThat(socket).doesNotExist();
    zublk.assertNothingLeft();
  }

  @Test
  void whoIsNotToldWhereListensInItsDirectory() throws Throwable {
    Map<String, Object> device = create("--size=16M", "--high-perf");
    assertThat(path(device)).isEqualTo(zublk.runDir().resolve("0/vhost.sock"));
    assertThat(zublk.stat(0)).containsEntry("polling", true);
    zublk.run("set", "0", "polling=off").ok();
    assertThat(zublk.stat(0)).containsEntry("polling", false);
    write(device, 1);
    assertReads(device, 1);
    assertThat(zublk.run("list", "-n", "--raw", "-o", "NAME,STATE").ok().line())
        .isEqualTo(path(device) + " serving");
    Files.delete(path(device));
    assertThat(zublk.run("list", "-n", "-o", "STATE").ok().line()).isEqualTo("lost");
  }

  @Test
  void holdsWhatWasWrittenAfterAKill() throws Throwable {
    Map<String, Object> device =
        create("--size=16M", "--listen=unix:" + temp.resolve("d.sock"), "--on-crash=keep");
    write(device, 3);
    Zublk.die(device.get("pid"));
    Map<String, Object> again = zublk.recover(path(device));
    assertThat(path(again)).isEqualTo(path(device));
    assertReads(again, 3);
    Zublk.die(again.get("pid"));
    zublk.run("remove", "0").ok();
    assertThat(path(device)).doesNotExist();
  }

  @Test
  void itsKeeperHasItServedAgain() throws Throwable {
    Map<String, Object> device = create("--size=16M");
    write(device, 4);
    Zublk.die(device.get("pid"));
    assertThat(zublk.statWhenServed(0)).containsEntry("recoveries", 1);
    assertReads(device, 4);
  }

  /**
   * The client does as QEMU: it keeps its memory, and the notes of what was taken from its ring.
   */
  @Test
  void itsStandbyGoesOnWithWhatItsClientHadAskedFor() throws Throwable {
    Map<String, Object> device = create("--size=16M", "--standby");
    try (TestGuest guest = TestGuest.ready(path(device), MIB, 0)) {
      var _ = guest.keepInflight(RING);
      TestRing ring = TestRing.start(guest, 0, 0, RING, 4096);
      for (int deaths = 1; deaths <= 2; deaths++) {
        Map<String, Object> stat = zublk.statWhen(0, s -> s.get("standby") instanceof Integer);
        submitWrites(guest, ring, deaths, 0);
        Zublk.die(stat.get("pid"));
        submitWrites(guest, ring, deaths, 10);
        comeAgain(guest, path(device));
        TestRing.start(guest, 0, ring);
        for (int i = 0; i < 20; i++) {
          ring.awaitUsed();
          assertThat(ring.status(ring.takeUsed())).isZero();
        }
        for (int page = 0; page < 20; page++) {
          assertThat(ring.perform(TestRing.IN, 8L * page, 4096)).isZero();
          assertThat(guest.memory().asSlice(ring.dataAt(0), 4096).toArray(JAVA_BYTE))
              .containsOnly(10 * deaths + page);
        }
        assertThat(zublk.stat(0))
            .containsEntry("pid", stat.get("standby"))
            .containsEntry("recoveries", deaths);
      }
    }
  }

  /** Ten, of the pages that have the numbers of their slots. */
  private static void submitWrites(TestGuest guest, TestRing ring, int deaths, int first) {
    for (int slot = first; slot < first + 10; slot++) {
      guest.memory().asSlice(ring.dataAt(slot), 4096).fill((byte) (10 * deaths + slot));
      ring.request(slot, TestRing.OUT, 8L * slot, 4096);
      ring.submit(slot);
    }
    ring.kickOnce();
  }

  private static void comeAgain(TestGuest guest, Path socket) throws Exception {
    while (true) {
      try {
        guest.comeAgain(socket);
        return;
      } catch (IOException _) {
        Thread.sleep(10); // nobody listens yet
      }
    }
  }

  @Test
  void anUpgradeIsForClientsThatComeAgain() throws Throwable {
    Map<String, Object> device = create("--size=16M");
    write(device, 5);
    try (Libblkio client = new Libblkio(path(device))) {
      MemorySegment memory = client.start(false, MIB);
      assertThat(zublk.run("upgrade", "0").refused().err())
          .contains("not upgraded", "would wait for ever", "serves it on");
      assertThat(client.read(MIB, memory)).isZero();
    }
    awaitNoClient();
    Map<String, Object> next = zublk.upgrade(0);
    assertThat(next.get("pid")).isNotEqualTo(device.get("pid"));
    assertThat(path(next)).isEqualTo(path(device));
    assertReads(next, 5);
  }

  @Test
  void getsAnotherSizeAndSaysWhoDoesNotHearOfIt() throws Throwable {
    Map<String, Object> device = create("--size=16M");
    assertThat(zublk.run("resize", "0", "32M").ok().err()).isEmpty();
    try (Libblkio client = new Libblkio(path(device))) {
      assertThat(client.capacity()).isEqualTo(32 * MIB);
      MemorySegment memory = client.start(false, MIB).fill((byte) 8);
      assertThat(client.write(31 * MIB, memory)).isZero();
      assertThat(zublk.run("resize", "0", "64M").ok().err())
          .contains("the client that is connected sees the old size until it connects again");
      zublk.run("resize", "0", "8M").refused("in use by", "--force");
      zublk.run("resize", "0", "8M", "--force").ok();
      assertThat(client.read(31 * MIB, memory)).isNegative();
      assertThat(client.read(7 * MIB, memory)).isZero();
    }
    awaitNoClient();
    try (Libblkio client = new Libblkio(path(device))) {
      assertThat(client.capacity()).isEqualTo(8 * MIB);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--listen tcp:127.0.0.1:0",
        "--listen unix:/no/such/directory/socket",
        "--listen unix:/etc/passwd",
        "--listen-group nobody-has-this",
        "--export-name disk",
        "--max-clients 2",
        "--queues 2",
        "--queue-depth 64",
        "--threads 65",
        "--poll-adaptive",
        "--swap"
      })
  void whatCannotBeIsRefused(String options) throws Exception {
    zublk.run(("create --size 1M --transport vhost " + options).split(" ")).refused();
    zublk.awaitNoKeeper();
    zublk.assertNothingLeft();
  }

  @Test
  void anotherDevicesSocketIsLeftAlone() throws Throwable {
    Map<String, Object> device = create("--size=16M", "--listen=unix:" + temp.resolve("d.sock"));
    zublk
        .run("create", "-s=1M", "--transport=vhost", "--listen=unix:" + path(device))
        .refused("another server listens there");
    write(device, 6);
    assertReads(device, 6);
  }
}
