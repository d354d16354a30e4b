package io.zublk.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.zublk.bench.Report.Pair;
import io.zublk.bench.Report.Section;
import io.zublk.daemon.UserException;
import io.zublk.store.StoreTuning;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class EngineBenchTest {

  private static final StoreTuning STAGING =
      new StoreTuning(1, 64, 100, 256, new BitSet(), StoreTuning.ANY_NODE);

  @Test
  void everyWorkloadOfEveryContenderHasFiguresAndNothingIsLeft() throws IOException {
    long before = leftovers();
    Report report = new EngineBench(options("mixed"), Progress.silent()).run();
    assertThat(report.sections())
        .containsExactly(
            Section.THROUGHPUT,
            Section.REQUESTS,
            Section.LATENCY,
            Section.PROCESSOR,
            Section.MEMORY);
    for (Section section : report.sections()) {
      assertThat(report.contenders(section)).contains("zublk lz4", "zublk lz4 staged");
      report
          .rows(section)
          .forEach(row -> assertThat(row.median("zublk lz4").orElseThrow()).isPositive());
    }
    assertThat(report.rows(Section.THROUGHPUT)).hasSize(2 * 2 + 1);
    assertThat(report.rows(Section.MEMORY))
        .allSatisfy(row -> assertThat(row.median("zublk lz4").orElseThrow()).isBetween(3.0, 4.0));
    assertThat(leftovers()).isEqualTo(before);
  }

  @Test
  void zramStandsBesideWithEachOfTheAlgorithmsThatWereAskedFor() throws IOException {
    assumeThat(ZramDevice.isAvailable()).isTrue();
    Report report = new EngineBench(besideZram("lz4", "lzo-rle"), Progress.silent()).run();
    assertThat(report.contenders(Section.THROUGHPUT))
        .containsExactly("zublk lz4", "zram lz4", "zram lzo-rle");
    assertThat(report.pairs(Section.MEMORY))
        .extracting(Pair::label)
        .containsExactly("zublk lz4 : zram lz4", "zublk lz4 : zram lzo-rle");
  }

  @Test
  void zramThatCannotBeHadIsNotedAndTheRestIsMeasured() throws IOException {
    Report report = new EngineBench(besideZram("lzo-rled"), Progress.silent()).run();
    assertThat(report.contenders(Section.THROUGHPUT)).containsExactly("zublk lz4");
    assertThat(report.notes()).anyMatch(note -> note.startsWith("no kernel zram beside"));
  }

  @Test
  void anUnknownDataSetIsRefusedInOneLine() {
    assertThatThrownBy(() -> new EngineBench(options("w5"), Progress.silent()).run())
        .isInstanceOf(UserException.class)
        .hasMessageContaining("w5")
        .hasMessageContaining("mixed");
  }

  private static EngineBench.Options options(String data) {
    return new EngineBench.Options(
        data, 8 << 20, List.of(1, 2), List.of("lz4"), STAGING, 0.1, 1, false, List.of());
  }

  private static EngineBench.Options besideZram(String... algorithms) {
    return new EngineBench.Options(
        "mixed",
        8 << 20,
        List.of(1),
        List.of("lz4"),
        StoreTuning.INLINE,
        0.01,
        1,
        true,
        List.of(algorithms));
  }

  private static long leftovers() throws IOException {
    try (Stream<Path> entries = Files.list(Path.of("/dev/shm"))) {
      return entries
          .filter(path -> path.getFileName().toString().startsWith(StoreTarget.prefix()))
          .count();
    }
  }
}
