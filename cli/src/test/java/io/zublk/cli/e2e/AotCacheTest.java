package io.zublk.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A cache makes starts faster and does nothing else, whatever has become of it. */
class AotCacheTest {

  @TempDir private Path scratch;

  private Path dist;
  private Path caches;

  @BeforeEach
  void copyTheDistribution() throws IOException {
    dist = scratch.resolve("dist with blanks");
    try (Stream<Path> files = Files.walk(Zublk.DIST)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        Path copy = dist.resolve(Zublk.DIST.relativize(file).toString());
        // With their times, by which a cache knows its jars.
        Files.copy(file, copy, StandardCopyOption.COPY_ATTRIBUTES, LinkOption.NOFOLLOW_LINKS);
      }
    }
    caches = Files.createDirectories(dist.resolve("aot"));
    try (Stream<Path> made = Files.list(caches)) {
      for (Path cache : made.toList()) {
        Files.delete(cache);
      }
    }
  }

  @Test
  void worksWithoutCaches() throws Exception {
    assertWorksInSilence();
  }

  @Test
  void worksWithCachesThatAreNone() throws Exception {
    for (String name : List.of("command.aot", "device.aot")) {
      Files.writeString(caches.resolve(name), "no cache\n".repeat(10_000));
    }
    assertWorksInSilence();
  }

  @Test
  void worksWithCachesOfOtherJars() throws Exception {
    train();
    assertThat(caches.resolve("command.aot")).isNotEmptyFile();
    assertThat(caches.resolve("device.aot")).isNotEmptyFile();
    assertWorksInSilence();
    Path jar = dist.resolve("lib").resolve("zublk-daemon.jar");
    Files.setLastModifiedTime(jar, FileTime.fromMillis(0));
    assertWorksInSilence();
  }

  @Test
  void worksWithCachesThatWereCutOff() throws Exception {
    train();
    for (String name : List.of("command.aot", "device.aot")) {
      byte[] whole = Files.readAllBytes(caches.resolve(name));
      Files.write(caches.resolve(name), Arrays.copyOf(whole, whole.length / 2));
    }
    assertWorksInSilence();
  }

  private void train() throws Exception {
    Path script = Path.of("src", "main", "aot", "train").toAbsolutePath();
    Process training =
        new ProcessBuilder(script.toString(), dist.toString())
            .redirectErrorStream(true)
            .redirectOutput(scratch.resolve("train.log").toFile())
            .start();
    assertThat(training.waitFor()).as("status").isZero();
  }

  private void assertWorksInSilence() throws Exception {
    Zublk zublk = new Zublk(scratch, dist);
    Zublk.Result created = zublk.run("create", "-s", "16M", "--transport", "nbd").ok();
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
