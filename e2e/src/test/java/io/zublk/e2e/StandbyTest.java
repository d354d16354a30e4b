package io.zublk.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A second process waits for the first one's death, and goes on. */
@Timeout(600)
class StandbyTest extends WithDevices {

  private static final Predicate<Map<String, Object>> HAS_STANDBY =
      stat -> stat.get("standby") instanceof Integer;

  /** What ends when the test does: a writer that connects again, and its device. */
  private final AtomicBoolean enough = new AtomicBoolean();

  private VersionedPages pages;
  private CompletableFuture<Void> writer;

  @AfterEach
  void endWriter() throws Exception {
    enough.set(true);
    if (writer != null) {
      writer.join();
      pages.close();
    }
  }

  private Map<String, Object> createWithStandby(String... options) throws Exception {
    List<String> all = new ArrayList<>(List.of("--size=8M", "--standby"));
    all.addAll(List.of(options));
    zublk.create(all.toArray(String[]::new));
    return zublk.statWhen(0, HAS_STANDBY);
  }

  private void serveAWriter() {
    pages = new VersionedPages(zublk.runDir().resolve("0/nbd.sock"), 2048);
    writer = CompletableFuture.runAsync(() -> pages.writeThroughDeaths(enough::get));
  }

  /** It has written since it was asked, and all that it has is right. */
  private void assertWriterHasLostNothing() throws Exception {
    pages.awaitWrites(writer);
    enough.set(true);
    writer.join();
    pages.connect();
    pages.verify();
  }

  /** As soon as another process serves and yet another one waits. */
  private Map<String, Object> statAfter(Map<String, Object> before) throws Exception {
    while (Integer.valueOf(pid(before)).equals(zublk.record(0).get("pid"))
        || !"SERVING".equals(zublk.record(0).get("state"))) {
      Thread.sleep(5);
    }
    return zublk.statWhen(0, HAS_STANDBY);
  }

  private static int pid(Map<String, Object> stat) {
    return (Integer) stat.get("pid");
  }

  @Test
  void goesOnWhenTheFirstIsKilledAndIsReplaced() throws Exception {
    Map<String, Object> first = createWithStandby();
    assertThat(zublk.run("list", "-n", "-o", "STANDBY").ok().line().strip())
        .isEqualTo(first.get("standby").toString());
    serveAWriter();
    for (int deaths = 1; deaths <= 2; deaths++) {
      Zublk.kill(pid(first), "KILL");
      Map<String, Object> second = statAfter(first);
      assertThat(second)
          .containsEntry("pid", first.get("standby"))
          .containsEntry("recoveries", deaths)
          .containsEntry("keeper", first.get("keeper"))
          .doesNotContainEntry("standby", first.get("standby"));
      first = second;
    }
    assertWriterHasLostNothing();
    pages.close();
    zublk.run("remove", "0").ok();
    zublk.assertNothingLeft();
  }

  @Test
  void isReplacedWhenItDiesItself() throws Exception {
    Map<String, Object> first = createWithStandby();
    Zublk.kill(first.get("standby"), "KILL");
    zublk.statWhen(0, HAS_STANDBY.and(stat -> !stat.get("standby").equals(first.get("standby"))));
    assertThat(zublk.stat(0)).containsEntry("pid", pid(first)).containsEntry("recoveries", 0);
  }

  @Test
  void whenBothDieTheKeeperStartsBothAgain() throws Exception {
    Map<String, Object> first = createWithStandby();
    serveAWriter();
    Zublk.tool("kill", "-KILL", "" + pid(first), first.get("standby").toString());
    Map<String, Object> second = statAfter(first);
    assertThat(second.get("pid")).isNotEqualTo(first.get("standby"));
    assertThat(zublk.processes())
        .containsExactlyInAnyOrder(
            (long) pid(second), ((Integer) second.get("standby")).longValue());
    assertWriterHasLostNothing();
  }

  @Test
  void goesOnWithoutItsKeeperWhichAnUpgradeGivesBack() throws Exception {
    Map<String, Object> first = createWithStandby();
    serveAWriter();
    Zublk.tool("kill", "-KILL", "" + pid(first), first.get("keeper").toString());
    while (!first.get("standby").equals(zublk.record(0).get("pid"))) {
      Thread.sleep(5);
    }
    assertThat(zublk.statWhenServed(0))
        .containsEntry("pid", first.get("standby"))
        .containsEntry("keeper", "lost")
        .containsEntry("standby", "absent");
    assertThat(zublk.run("list").ok().err())
        .hasLineCount(1)
        .contains("device 0 has lost its keeper", "zublk upgrade 0");
    Map<String, Object> _ = zublk.upgrade(0);
    assertThat(zublk.statWhen(0, HAS_STANDBY).get("keeper")).isInstanceOf(Integer.class);
    assertThat(zublk.run("list").ok().err()).isEmpty();
    assertWriterHasLostNothing();
  }

  @Test
  void isReplacedAtAnUpgrade() throws Exception {
    Map<String, Object> first = createWithStandby();
    Object pid = zublk.upgrade(0).get("pid");
    Zublk.awaitEnd(first.get("standby"));
    Map<String, Object> second = zublk.statWhen(0, HAS_STANDBY);
    assertThat(second).containsEntry("pid", pid).containsEntry("recoveries", 0);
    assertThat(second.get("standby")).isNotEqualTo(first.get("standby"));
    Zublk.awaitEnd(first.get("keeper"));
  }

  @Test
  void codesLinesWithVectorsAtOnceIfTheFirstDid() throws Exception {
    Map<String, Object> first = createWithStandby("--algorithm=line+lz4");
    boolean hasVectors = zublk.statWhen(0, this::isTrained).get("line_coder").equals("vectors");
    Zublk.kill(pid(first), "KILL");
    assertThat(statAfter(first)).containsEntry("line_coder", hasVectors ? "vectors" : "scalar");
    assertThat(log().lines().filter(line -> line.contains("coded with vectors")))
        .hasSize(hasVectors ? 1 : 0);
  }

  private boolean isTrained(Map<String, Object> stat) {
    try {
      return log().contains("lines are coded");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String log() throws IOException {
    return Files.readString(zublk.runDir().resolve("0/log"));
  }

  /** Whatever it is at: not started, rehearsing in the device's directory, or waiting. */
  @Test
  void isGoneWithADeviceThatIsRemoved() throws Exception {
    for (int delay = 0; delay <= 1600; delay += 800) {
      zublk.create("--size=1M", "--standby");
      Thread.sleep(delay);
      zublk.run("remove", "0").ok();
      zublk.assertNothingLeft();
    }
    Map<String, Object> hung = createWithStandby();
    Zublk.suspend(pid(hung));
    zublk.run("remove", "0", "--force").ok();
    zublk.assertNothingLeft();
  }

  @Test
  void isRefusedWhereItMakesNoSense() throws Exception {
    zublk.run("create", "--size=1M", "--standby", "-f").refused("--standby", "foreground");
    zublk
        .run("create", "--size=1M", "--standby", "--on-crash=keep")
        .refused("--standby", "--on-crash keep");
  }

  /** With AOT caches in the distribution, on a machine that does nothing else. */
  @Test
  @Tag("long")
  @Timeout(3600)
  void aWriterNoticesTwentyPauses() throws Exception {
    Map<String, Object> stat = createWithStandby();
    serveAWriter();
    Pauses pauses = new Pauses("deaths with a standby");
    for (int deaths = 0; deaths < Integer.getInteger("standby.deaths", 20); deaths++) {
      TimeUnit.MILLISECONDS.sleep(12_500); // more than 5 in a minute are given up
      double _ = pages.longestPause();
      Zublk.kill(pid(stat), "KILL");
      stat = statAfter(stat);
      pauses.add(pages.longestPause());
    }
    assertWriterHasLostNothing();
    pauses.print();
  }
}
