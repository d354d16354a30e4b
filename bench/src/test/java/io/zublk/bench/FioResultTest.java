package io.zublk.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zublk.daemon.UserException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class FioResultTest {

  /** fio.json is the output of fio 3.33 with the options of {@link Fio}, on its null engine. */
  @Test
  void figuresOfTheOnlyGroupAreRead() throws IOException {
    FioResult result = FioResult.parse(sample(), true);
    assertThat(result.bytesPerSecond()).isEqualTo(9980315166.0);
    assertThat(result.iops()).isEqualTo(2436600.382409);
    assertThat(result.p50()).isEqualTo(64);
    assertThat(result.p99()).isEqualTo(106);
    assertThat(result.p999()).isEqualTo(131);
  }

  @Test
  void whatFioSaysBeforeItsJsonIsSkipped() throws IOException {
    String text = "note: both iodepth >= 1 and synchronous I/O engine are selected\n" + sample();
    assertThat(FioResult.parse(text, true).p50()).isEqualTo(64);
  }

  @Test
  void failuresAreNotFigures() throws IOException {
    String failed = sample().replaceFirst("\"error\" : 0", "\"error\" : 5");
    assertThatThrownBy(() -> FioResult.parse(failed, true))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("error 5");
    assertThatThrownBy(() -> FioResult.parse("fio: bad option", true))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("bad option");
    assertThatThrownBy(() -> FioResult.parse(sample().substring(0, 2000), true))
        .isInstanceOf(UserException.class);
  }

  /** As fio 3.33 says it: without percentiles. */
  @Test
  void aRowInWhichNothingEndedHasNoFigures() {
    String nothing =
        """
        { "jobs": [ { "error": 0, "write": { "bw_bytes": 0, "iops": 0,
          "lat_ns": { "min": 0, "max": 0, "mean": 0.0, "stddev": 0.0, "N": 0 } } } ] }
        """;
    assertThatThrownBy(() -> FioResult.parse(nothing, true))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("no request of fio ended in the time that counts");
  }

  private static String sample() throws IOException {
    try (InputStream in = FioResultTest.class.getResourceAsStream("fio.json")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
