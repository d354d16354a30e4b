package io.zublk.codec;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AutoPackingTest {

  @ParameterizedTest
  @CsvSource({
    "    ,        ,        line+lz4,      CPU and Java have what line needs",
    "no vbmi2,    ,        lz4,           line would be slow: no vbmi2",
    "no vbmi2,    no avx2, zstd(level=3), no avx2",
    "    ,        no avx2, zstd(level=3), no avx2",
  })
  void isTheFastestThatTheCpuIsFor(String noLine, String noLz4, String algorithm, String reason) {
    AutoPacking auto = AutoPacking.of(Optional.ofNullable(noLine), Optional.ofNullable(noLz4));
    assertThat(auto.packing()).hasToString(algorithm);
    assertThat(auto.reason()).isEqualTo(reason);
  }
}
