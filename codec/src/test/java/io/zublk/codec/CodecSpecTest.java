package io.zublk.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CodecSpecTest {

  @ParameterizedTest
  @ValueSource(
      strings = {"lz4", "line", "none", "zstd(level=-20)", "zstd(level=3)", "zstd(level=22)"})
  void isWrittenAsItIsRead(String text) {
    assertThat(CodecSpec.parse(text)).hasToString(text);
  }

  @Test
  void zstdAloneMeansItsDefaultLevel() {
    assertThat(CodecSpec.parse("zstd")).hasToString("zstd(level=3)");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "lzo", "LZ4", "zstd(3)", "zstd(level=)", "zstd(level=3) ", "lz4()"})
  void unknownTextIsRefused(String text) {
    assertThatThrownBy(() -> CodecSpec.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("there is no codec '%s'", text);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 23, -21, 999_999_999})
  void aLevelThatZstdHasNotIsRefused(int level) {
    assertThatThrownBy(() -> CodecSpec.parse("zstd(level=" + level + ")"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("zstd has no level %d; allowed are -20 to -1 and 1 to 22", level);
  }

  @ParameterizedTest
  @ValueSource(strings = {"lz4", "line", "none"})
  void aLevelWithoutZstdIsRefused(String name) {
    assertThatThrownBy(() -> CodecSpec.parse(name + "(level=1)"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(name + " has no levels; only zstd has");
  }

  @ParameterizedTest
  @CsvSource({"0,NONE", "1,LZ4", "2,ZSTD", "3,LINE"})
  void storedIdsStayWhatTheyAre(byte id, Algorithm algorithm) {
    assertThat(algorithm.id()).isEqualTo(id);
    assertThat(Algorithm.of(id)).isEqualTo(algorithm);
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 4, 255})
  void unknownIdsAreRefused(int id) {
    assertThatThrownBy(() -> Algorithm.of(id))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("unknown algorithm id " + id);
  }
}
