package io.zublk.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What can be changed about a device while it serves. */
class RunTimeControlTest extends WithDevices {

  private static final int MIB = 1 << 20;

  private String uri;

  @BeforeEach
  void create() throws Exception {
    uri = zublk.create("--size", "32M").get("path").toString();
  }

  private Path noise(int mebibytes) throws Exception {
    byte[] bytes = new byte[mebibytes * MIB];
    new Random(1).nextBytes(bytes);
    return Files.write(temp.resolve("noise" + mebibytes), bytes);
  }

  private static int status(String... command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    byte[] _ = process.getInputStream().readAllBytes();
    return process.waitFor();
  }

  @Test
  void aLimitIsInEffectAtOnceAndTakesNothingAway() throws Exception {
    Path held = noise(8);
    Zublk.tool("nbdcopy", held.toString(), uri);
    zublk.run("set", "0", "mem-limit=6M").ok();
    assertThat(zublk.stat(0)).containsEntry("mem_limit", 6 * MIB);
    assertThat(status("nbdcopy", noise(12).toString(), uri)).isNotZero();
    Path back = temp.resolve("back");
    Zublk.tool("nbdcopy", uri, back.toString());
    // What was refused is not there; what was there is, or what overwrote it.
    assertThat(Files.mismatch(held, back)).isGreaterThanOrEqualTo(8L * MIB);
    zublk.run("set", "0", "mem-limit=0").ok();
    Zublk.tool("nbdcopy", noise(12).toString(), uri);
    assertThat(zublk.stat(0)).containsEntry("mem_limit", 0);
  }

  @Test
  void whatWasSetIsWrittenDownForWhoRecoversTheDevice() throws Exception {
    zublk.run("set", "0", "mem-limit=4M", "batch-timeout-us=70").ok();
    assertThat(zublk.stat(0)).containsEntry("batch_timeout_us", 70);
    String record = Files.readString(zublk.runDir().resolve("0/device.json"));
    Map<?, ?> config = (Map<?, ?>) JSON.std.mapFrom(record).get("config");
    assertThat(config.get("memLimitBytes")).isEqualTo(4 * MIB);
    assertThat(((Map<?, ?>) config.get("performance")).get("batchTimeoutMicros")).isEqualTo(70);
  }

  @Test
  void whatCannotBeSetIsRefusedAndNothingElseIsSet() throws Exception {
    zublk.run("set", "0", "mem-limit=4M", "polling=on").refused("NBD has none");
    zublk.run("set", "0", "mem-limit=4096").refused("memory limit");
    assertThat(
            zublk
                .run("set", "0", "mem-limit=4M", "batch-pages=64")
                .refused("cannot change")
                .status())
        .isEqualTo(2);
    assertThat(zublk.stat(0)).containsEntry("mem_limit", 0);
    zublk.run("set", "7", "mem-limit=4M").refused("no device '7'");
  }

  @Test
  void workersRestAndStagingEndsAndBothComeBack() throws Exception {
    String other = zublk.create("--size", "32M", "--workers", "3").get("path").toString();
    zublk.run("set", "1", "workers=1", "staging=0").ok();
    assertThat(zublk.stat(1)).containsEntry("workers", 1).containsEntry("staging_bytes_max", 0);
    Zublk.tool("nbdcopy", noise(8).toString(), other);
    assertThat(zublk.stat(1)).containsEntry("staged_pages_since", 0);
    zublk.run("set", "1", "workers=3", "staging=8M").ok();
    assertThat(zublk.stat(1))
        .containsEntry("workers", 3)
        .containsEntry("staging_bytes_max", 8 * MIB);
    Zublk.tool("nbdcopy", noise(8).toString(), other);
    assertThat(zublk.stat(1)).doesNotContainEntry("staged_pages_since", 0);
    zublk.run("set", "1", "workers=4").refused("4 workers", "started with 3", "1 to 3");
    zublk.run("set", "1", "workers=0").refused("0 workers");
    zublk.run("set", "1", "staging=1G").refused("staging");
  }

  @Test
  void whoGoesOnWithADeviceHasWhatWasSetAndCanHaveAgainWhatItWasMadeWith() throws Exception {
    zublk.create("--size", "32M", "--workers", "3", "--staging", "8M");
    zublk.run("set", "1", "workers=1", "staging=1M").ok();
    Map<String, Object> _ = zublk.upgrade(1);
    assertHas(1, MIB);
    zublk.run("set", "1", "workers=3", "staging=8M").ok();
    assertHas(3, 8 * MIB);
    zublk.run("set", "1", "workers=2", "staging=0").ok();
    Zublk.kill(zublk.stat(1).get("pid"), "KILL");
    assertThat(zublk.statWhenServed(1)).containsEntry("recoveries", 1);
    assertHas(2, 0);
    zublk.run("set", "1", "workers=4").refused("started with 3");
    zublk.run("set", "1", "workers=3", "staging=8M").ok();
    assertHas(3, 8 * MIB);
  }

  private void assertHas(int workers, int stagingBytes) throws Exception {
    assertThat(zublk.stat(1))
        .containsEntry("workers", workers)
        .containsEntry("staging_bytes_max", stagingBytes);
  }

  @Test
  void theMostMemoryUsedCanBeCountedAnew() throws Exception {
    Zublk.tool("nbdcopy", noise(8).toString(), uri);
    Zublk.tool("qemu-io", "-f", "raw", "-c", "discard 0 32M", uri);
    assertThat(((Number) zublk.stat(0).get("mem_used_max")).intValue()).isGreaterThan(8 * MIB);
    zublk.run("compact", "0").ok();
    zublk.run("set", "0", "mem-used-max=0").ok();
    assertThat(((Number) zublk.stat(0).get("mem_used_max")).intValue()).isLessThan(8 * MIB);
  }

  @Test
  void compactSaysHowMuchCameBack() throws Exception {
    assertThat(zublk.run("compact", "0").ok().line()).matches("[0-9.]+[BKM]");
    assertThat(zublk.run("compact", "0").ok().line()).isEqualTo("0B");
  }

  @Test
  void resetDropsWhatADeviceHolds() throws Exception {
    Zublk.tool("nbdcopy", "--request-size=4096", noise(8).toString(), uri);
    assertThat(zublk.stat(0)).doesNotContainEntry("write_latency_samples", 0);
    zublk.run("reset", uri).ok();
    Map<String, Object> stat = zublk.stat(0);
    assertThat(stat).containsEntry("write_latency_samples", 0);
    assertThat(stat).containsEntry("orig_data_size", 0).containsEntry("huge_pages_since", 0);
    assertThat(((Number) stat.get("mem_used_total")).intValue()).isLessThan(8 * MIB);
    Zublk.tool("qemu-io", "-f", "raw", "-c", "read -P 0 0 32M", uri);
  }

  private static String exportSize(String uri) throws Exception {
    return Zublk.tool("nbdinfo", "--size", uri).strip();
  }

  @Test
  void aDeviceGrowsAndKeepsWhatItHolds() throws Exception {
    Path held = noise(8);
    Zublk.tool("nbdcopy", held.toString(), uri);
    zublk.run("resize", "0", "64M").ok();
    assertThat(exportSize(uri)).isEqualTo(Integer.toString(64 * MIB));
    assertThat(zublk.stat(0)).containsEntry("size", 64 * MIB);
    assertThat(zublk.run("list", "-o", "DISKSIZE", "--noheadings").ok().line()).isEqualTo("64M");
    Zublk.tool("qemu-io", "-f", "raw", "-c", "read -P 0 32M 32M", uri);
    Zublk.tool("qemu-io", "-f", "raw", "-c", "write -P 7 48M 16M", uri);
    Zublk.kill(zublk.stat(0).get("pid"), "KILL");
    assertThat(zublk.statWhenServed(0))
        .containsEntry("recoveries", 1)
        .containsEntry("size", 64 * MIB);
    Zublk.tool("qemu-io", "-f", "raw", "-c", "read -P 7 48M 16M", uri);
    Path back = temp.resolve("back");
    Zublk.tool("nbdcopy", uri, back.toString());
    assertThat(Files.mismatch(held, back)).isEqualTo(8L * MIB);
  }

  @Test
  void thereIsAnEndToGrowing() throws Exception {
    zublk.run("resize", "0", "1G").refused("0", "has addresses for", "16 times");
    assertThat(exportSize(uri)).isEqualTo(Integer.toString(32 * MIB));
    zublk.run("resize", "7", "1G").refused("no device '7'");
  }

  @Test
  void aDeviceShrinksOverZerosOrByForce() throws Exception {
    Zublk.tool("qemu-io", "-f", "raw", "-c", "write -P 7 20M 4096", uri);
    zublk.run("resize", "0", "16M").refused("data beyond", "byte " + 20 * MIB, "--force");
    assertThat(exportSize(uri)).isEqualTo(Integer.toString(32 * MIB));
    Zublk.tool("qemu-io", "-f", "raw", "-c", "read -P 7 20M 4096", uri);
    zublk.run("resize", "0", "24M").ok();
    assertThat(exportSize(uri)).isEqualTo(Integer.toString(24 * MIB));
    zublk.run("resize", "0", "16M", "--force").ok();
    zublk.run("resize", "0", "32M").ok();
    Zublk.tool("qemu-io", "-f", "raw", "-c", "read -P 0 0 32M", uri);
  }

  @Test
  void aClientKeepsTheSizeThatItKnowsAndIsNotTakenItsEnd() throws Exception {
    Process client = new ProcessBuilder("qemu-io", "-f", "raw", uri).start();
    try {
      client.getOutputStream().write("write -P 5 0 4096\n".getBytes(StandardCharsets.UTF_8));
      client.getOutputStream().flush();
      assertThat(client.inputReader().readLine()).contains("wrote 4096/4096");
      zublk.run("resize", "0", "16M").refused(uri, "in use by 1 client", "--force");
      assertThat(zublk.run("resize", "0", "64M").ok().err()).contains("until they connect again");
      assertThat(exportSize(uri)).isEqualTo(Integer.toString(64 * MIB));
    } finally {
      client.destroyForcibly().waitFor();
    }
  }

  @Test
  void resetIsRefusedWhileAClientIsThere() throws Exception {
    Process client = new ProcessBuilder("qemu-io", "-f", "raw", uri).start();
    try {
      client.getOutputStream().write("write -P 5 0 4096\n".getBytes(StandardCharsets.UTF_8));
      client.getOutputStream().flush();
      assertThat(client.inputReader().readLine()).contains("wrote 4096/4096");
      String use = "in use by 1 client: qemu-io (process " + client.pid() + ")";
      zublk.run("reset", uri).refused(uri, use, "--force");
      assertThat(zublk.stat(0)).containsEntry("orig_data_size", 4096);
      zublk.run("reset", uri, "--force").ok();
      assertThat(zublk.stat(0)).containsEntry("orig_data_size", 0);
    } finally {
      client.destroyForcibly().waitFor();
    }
  }
}
