package io.zublk.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** A device's memory comes back when its data go, and a limit is for data, not for what is done. */
class MemoryTest extends WithDevices {

  private static final int MIB = 1 << 20;
  private static final int PAGE = 4096;

  @Test
  void overwrittenAndDiscardedDataLeaveNoMemoryBehind() throws Exception {
    String uri = uri(zublk.create("--size", "64M", "--workers", "1"));
    long empty = used(zublk.stat(uri));
    for (int seed = 1; seed <= 2; seed++) {
      copy(noise(24, seed), uri);
      assertThat(awaitUsed(uri, empty + 25L * MIB)).isGreaterThan(24L * MIB);
    }
    qemuIo(uri, "discard 0 64M");
    assertThat(awaitUsed(uri, empty)).isEqualTo(empty);
  }

  @Test
  void whatWasDiscardedAtTheLimitCanBeWrittenAgainAndOverwritten() throws Exception {
    String uri = uri(zublk.create("--size", "64M", "--mem-limit", "16M", "--workers", "0"));
    Path noise = noise(20, 3);
    Process full =
        new ProcessBuilder("nbdcopy", noise.toString(), uri)
            .redirectErrorStream(true)
            .redirectOutput(temp.resolve("full").toFile())
            .start();
    assertThat(full.waitFor()).isNotZero();
    assertThat(Files.readString(temp.resolve("full"))).contains("No space left");
    Path other = noise(4, 4);
    qemuIo(uri, "write -s " + other + " 0 4M"); // no larger than what is there
    List<String> discards = new ArrayList<>();
    for (int at = 0; at < 12 * MIB; at += 2 * PAGE) {
      discards.add("discard " + at + " " + PAGE);
    }
    qemuIo(uri, discards.toArray(String[]::new));
    Path again = noise(5, 5);
    qemuIo(uri, "write -s " + again + " 32M 5M");
    Path back = temp.resolve("back");
    Zublk.tool("nbdcopy", uri, back.toString());
    byte[] bytes = Files.readAllBytes(back);
    assertThat(Arrays.copyOfRange(bytes, 32 * MIB, 37 * MIB)).isEqualTo(Files.readAllBytes(again));
    assertThat(zublk.stat(uri)).containsEntry("checksum_errors", 0);
  }

  @Test
  void dataThatFitCompressedAreTakenWhateverIsStaged() throws Exception {
    Path modules = Path.of(System.getProperty("java.home"), "lib", "modules");
    Path image = temp.resolve("image");
    try (InputStream in = Files.newInputStream(modules)) {
      Files.write(image, in.readNBytes(60 * MIB));
    }
    String uri = uri(zublk.create("--size", "256M", "--mem-limit", "40M", "--algorithm", "zstd"));
    copy(image, uri);
    assertThat(zublk.statWhen(uri, now -> now.get("staged_pages").equals(0)))
        .containsEntry("failed_writes", 0);
  }

  private static String uri(Map<String, Object> created) {
    return created.get("path").toString();
  }

  private static long used(Map<String, Object> stat) {
    return ((Number) stat.get("mem_used_total")).longValue();
  }

  /** Workers compress and give memory back in seconds. */
  private long awaitUsed(String uri, long most) throws Exception {
    return used(zublk.statWhen(uri, now -> used(now) <= most));
  }

  private Path noise(int mebibytes, int seed) throws Exception {
    byte[] bytes = new byte[mebibytes * MIB];
    new Random(seed).nextBytes(bytes);
    return Files.write(temp.resolve("noise" + seed), bytes);
  }

  private static void copy(Path image, String uri) throws Exception {
    Zublk.tool("nbdcopy", image.toString(), uri);
  }

  private static void qemuIo(String uri, String... commands) throws Exception {
    List<String> line = new ArrayList<>(List.of("qemu-io", "-f", "raw", "-d", "unmap"));
    for (String command : commands) {
      line.add("-c");
      line.add(command);
    }
    line.add(uri);
    Zublk.tool(line.toArray(String[]::new));
  }
}
