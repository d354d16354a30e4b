package io.zublk.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.codec.LineVectors;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A cache makes starts faster and does nothing else, whatever has become of it and of the jars. */
class AotCacheTest {

  /** Of devices that code lines. */
  private static final boolean HAS_VECTORS = !LineVectors.jvmOptions().isEmpty();

  /** With its caches: a distribution may be trained in one place and used in another. */
  @TempDir private static Path trained;

  @TempDir private Path scratch;

  private Path dist;
  private Path caches;

  @BeforeAll
  static void trainOne() throws Exception {
    copy(Zublk.DIST, trained);
    ProcessBuilder trainer = trainer(trained);
    trainer.environment().put("TMPDIR", "/nonexistent");
    assertThat(trainer.start().waitFor()).as("status").isZero();
  }

  @BeforeEach
  void copyTheDistribution() throws IOException {
    dist = scratch.resolve("dist with blanks");
    copy(Zublk.DIST, dist);
    caches = Files.createDirectories(dist.resolve("aot"));
    try (Stream<Path> made = Files.list(caches)) {
      for (Path cache : made.toList()) {
        Files.delete(cache);
      }
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        Path copy = to.resolve(from.relativize(file).toString());
        if (!Files.isDirectory(copy)) {
          Files.copy(file, copy, LinkOption.NOFOLLOW_LINKS);
        }
      }
    }
  }

  @Test
  void worksWithoutCaches() throws Exception {
    assertWorksInSilence();
  }

  @Test
  void worksWithCachesThatAreNone() throws Exception {
    for (String name : List.of("command.aot", "device.aot", "device-line.aot")) {
      Files.writeString(caches.resolve(name), "no cache\n".repeat(10_000));
    }
    assertWorksInSilence();
  }

  @Test
  void goesOnWithoutCachesWhereItCannotTellWhoseTheyAre() throws Exception {
    Files.writeString(caches.resolve("jars"), "who knows");
    Path path = Zublk.pathOf(scratch, "sh", "dirname", "readlink", "sed");
    Zublk zublk = new Zublk(scratch, dist);
    Zublk.Result listed = zublk.await(zublk.start(List.of("env", "PATH=" + path), "list")).ok();
    assertThat(listed.err()).isEmpty();
  }

  @Test
  void usesCachesOfItsJarsWhateverTheirTimes() throws Exception {
    takeTheTrainedCaches();
    assertThat(caches.resolve("command.aot")).isNotEmptyFile();
    assertThat(Files.exists(caches.resolve("device-line.aot"))).isEqualTo(HAS_VECTORS);
    Files.setLastModifiedTime(jar(), FileTime.fromMillis(0));
    assertThat(mapsOfADevice("lz4")).contains(caches.resolve("device.aot").toString());
    assertThat(mapsOfADevice("line+lz4"))
        .contains(caches.resolve(HAS_VECTORS ? "device-line.aot" : "device.aot").toString());
  }

  @Test
  void runsTheCodeOfItsJarsAndNotThatOfItsCaches() throws Exception {
    takeTheTrainedCaches();
    Zublk zublk = new Zublk(scratch, dist);
    zublk.run("stat", "7").refused("no device '7'");
    FileTime time = Files.getLastModifiedTime(jar());
    replaceInJar("no device '", "NO DEVICE '");
    Files.setLastModifiedTime(jar(), time);
    zublk.run("stat", "7").refused("NO DEVICE '7'");
    assertThat(mapsOfADevice("lz4")).doesNotContain("device.aot");
    assertWorksInSilence();
  }

  private Path jar() {
    return dist.resolve("lib").resolve("zublk-daemon.jar");
  }

  /** Replaces a string constant by one of the same length, as an edit and a build would. */
  private void replaceInJar(String from, String to) throws IOException {
    ByteArrayOutputStream changed = new ByteArrayOutputStream();
    try (ZipInputStream in = new ZipInputStream(Files.newInputStream(jar()));
        ZipOutputStream out = new ZipOutputStream(changed)) {
      for (ZipEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
        out.putNextEntry(new ZipEntry(entry.getName()));
        String content = new String(in.readAllBytes(), StandardCharsets.ISO_8859_1);
        out.write(content.replace(from, to).getBytes(StandardCharsets.ISO_8859_1));
      }
    }
    Files.write(jar(), changed.toByteArray());
  }

  private String mapsOfADevice(String algorithm) throws Exception {
    Zublk zublk = new Zublk(scratch, dist);
    Object pid = zublk.create("-s", "1M", "-a", algorithm).get("pid");
    try {
      return Files.readString(Path.of("/proc/" + pid + "/maps"));
    } finally {
      zublk.run("remove", "--all").ok();
    }
  }

  @Test
  void trainingThatFailsLeavesNoOldCaches() throws Exception {
    for (String name : List.of("command.aot", "device.aot", "device-line.aot", "jars")) {
      Files.writeString(caches.resolve(name), "old");
    }
    Files.delete(dist.resolve("lib").resolve("picocli.jar"));
    assertThat(trainer(dist).start().waitFor()).isNotZero();
    assertThat(caches).isEmptyDirectory();
  }

  @Test
  void worksWithCachesThatWereCutOff() throws Exception {
    takeTheTrainedCaches();
    for (String name : names()) {
      byte[] whole = Files.readAllBytes(caches.resolve(name));
      Files.write(caches.resolve(name), Arrays.copyOf(whole, whole.length / 2));
    }
    assertWorksInSilence();
  }

  private void takeTheTrainedCaches() throws IOException {
    copy(trained.resolve("aot"), caches);
  }

  private static ProcessBuilder trainer(Path dist) {
    Path script = Path.of("..", "cli", "src", "main", "aot", "train").toAbsolutePath();
    return new ProcessBuilder(script.toString(), dist.toString())
        .redirectErrorStream(true)
        .redirectOutput(dist.resolve("train.log").toFile());
  }

  private List<String> names() {
    return HAS_VECTORS
        ? List.of("command.aot", "device.aot", "device-line.aot")
        : List.of("command.aot", "device.aot");
  }

  private void assertWorksInSilence() throws Exception {
    assertWorksInSilence("lz4");
    assertWorksInSilence("line+lz4");
  }

  private void assertWorksInSilence(String algorithm) throws Exception {
    Zublk zublk = new Zublk(scratch, dist);
    Zublk.Result created =
        zublk.run("create", "-s", "16M", "--transport", "nbd", "-a", algorithm).ok();
    try {
      assertThat(created.line()).startsWith("nbd");
      assertThat(created.err()).isEmpty();
      Zublk.Result listed = zublk.run("list", "--noheadings").ok();
      assertThat(listed.out()).hasLineCount(1);
      assertThat(listed.err()).isEmpty();
    } finally {
      zublk.run("remove", "--all").ok();
    }
  }
}
