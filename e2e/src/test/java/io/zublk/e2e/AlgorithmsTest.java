package io.zublk.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.codec.AutoPacking;
import io.zublk.codec.LineVectors;
import io.zublk.codec.PackingSpec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What {@code --algorithm} takes, and what becomes of the pages of such a device. */
class AlgorithmsTest extends WithDevices {

  private static final int MIB = 1 << 20;

  @ParameterizedTest
  @CsvSource({
    "lz4,           lz4,               huge lz4 same",
    "line,          line,              huge line same",
    "line+lz4,      line+lz4,          huge line lz4 same",
    "line+zstd,     line+zstd(level=3), huge line same zstd",
    "'ZSTD(level=1)', zstd(level=1),   huge same zstd",
    "none,          none,              huge same",
  })
  void pagesAreOfTheKindsThatWereAskedFor(String typed, String algorithm, String kinds)
      throws Exception {
    Path image = image();
    String uri = zublk.run("create", "-s", "8M", "-a", typed, "--transport", "nbd").ok().line();
    // Until the compiler has the vectors, line+lz4 is lz4 alone.
    Map<String, Object> ready =
        zublk.statWhen(uri, now -> !"training".equals(now.get("line_coder")));
    assertThat(ready.containsKey("line_coder")).isEqualTo(algorithm.startsWith("line"));
    Zublk.tool("nbdcopy", image.toString(), uri);
    Map<String, Object> stat = zublk.statWhen(uri, now -> now.get("staged_pages").equals(0));
    assertThat(stat).containsEntry("algorithm", algorithm);
    Map<String, Integer> counts = counts(stat);
    assertThat(String.join(" ", counts.keySet())).isEqualTo(kinds);
    assertThat(counts.values().stream().mapToInt(n -> n * 4096).sum())
        .isEqualTo(stat.get("orig_data_size"));
    Path back = temp.resolve("back");
    Zublk.tool("nbdcopy", uri, back.toString());
    assertThat(Files.mismatch(image, back)).isEqualTo(Files.size(image)); // zeros follow
  }

  /** A compiler without C2 never has the vectors: training lasts as long as it may. */
  @Test
  void untilVectorsAreTrainedPagesArePackedByTheOtherCodec() throws Exception {
    String uri =
        zublk
            .await(
                zublk.start(
                    List.of("env", "ZUBLK_JAVA_OPTIONS=-XX:TieredStopAtLevel=1"),
                    "create -s 8M -a line+lz4 --transport nbd --workers 0".split(" ")))
            .ok()
            .line();
    Zublk.tool("nbdcopy", image().toString(), uri);
    boolean areComing = LineVectors.unsuited().isEmpty();
    Map<String, Object> stat = zublk.stat(0);
    assertThat(stat).containsEntry("line_coder", areComing ? "training" : "scalar");
    assertThat(counts(stat).containsKey("line")).isNotEqualTo(areComing);
  }

  /** Of each kind of which there are pages, how many. */
  private static Map<String, Integer> counts(Map<String, Object> stat) {
    Map<String, Integer> counts = new TreeMap<>();
    for (String kind : new String[] {"same", "huge", "lz4", "zstd", "line", "padded"}) {
      int count = (Integer) stat.get(kind + "_pages");
      if (count > 0) {
        counts.put(kind, count);
      }
    }
    return counts;
  }

  /** A megabyte each of records, of words, of noise and of one byte, and some of a program. */
  private Path image() throws IOException {
    ByteBuffer image = ByteBuffer.allocate(6 * MIB);
    Random random = new Random(1);
    while (image.position() < MIB) {
      image.putLong(0x7f12_3400_0000L + 16L * random.nextInt(1 << 8)).putLong(random.nextInt(100));
    }
    String[] words = "the page is what a line was before it came to the store".split(" ", -1);
    while (image.position() < 2 * MIB) {
      byte[] word = (words[random.nextInt(words.length)] + " ").getBytes(StandardCharsets.US_ASCII);
      image.put(word, 0, Math.min(word.length, 2 * MIB - image.position()));
    }
    byte[] noise = new byte[MIB];
    random.nextBytes(noise);
    Arrays.fill(image.put(noise).array(), 3 * MIB, 4 * MIB, (byte) 7);
    image.position(4 * MIB);
    Path program = Path.of(System.getProperty("java.home"), "lib/server/libjvm.so");
    try (var in = Files.newInputStream(program)) {
      image.put(in.readNBytes(2 * MIB));
    }
    return Files.write(temp.resolve("image"), image.array());
  }

  @Test
  void autoIsWhatSuitsTheCpuAndStatTellsBoth() throws Exception {
    String auto = AutoPacking.ofThisMachine().packing().toString();
    assertThat(zublk.create("--size", "1M", "--algorithm", "auto"))
        .containsEntry("algorithm", auto);
    assertThat(zublk.stat(0))
        .containsEntry("algorithm", auto)
        .containsEntry("algorithm_asked", "auto");
    assertThat(zublk.run("list", "-n", "-o", "ALGORITHM").ok().line()).isEqualTo(auto);
    assertThat(zublk.run("doctor", "--json").ok().out()).contains("auto is " + auto + ": ");
  }

  @Test
  void whatIsAllowedIsSaidToWhoeverAsksForSomethingElse() throws Exception {
    zublk
        .run("create", "--size", "1M", "--algorithm", "lines")
        .refused("'lines'", "lz4, line, line+lz4, line+zstd, ", PackingSpec.ALLOWED);
  }
}
