package io.zublk.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PackingSpecTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "lz4",
        "line",
        "line+lz4",
        "line+zstd(level=3)",
        "line+zstd(level=-20)",
        "zstd(level=22)",
        "none"
      })
  void isWrittenAsItIsRead(String text) {
    assertThat(PackingSpec.parse(text)).hasToString(text);
  }

  @ParameterizedTest
  @CsvSource({
    "lz4, false, lz4",
    "zstd, false, zstd(level=3)",
    "none, false, none",
    "line, true, none",
    "line+lz4, true, lz4",
    "line+zstd, true, zstd(level=3)",
    "line+zstd(level=1), true, zstd(level=1)"
  })
  void saysWhetherLineComesFirstAndWhatIsLeft(String text, boolean lineFirst, String rest) {
    assertThat(PackingSpec.parse(text))
        .isEqualTo(new PackingSpec(lineFirst, CodecSpec.parse(rest)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "lines",
        "LINE",
        "line+",
        "line+none",
        "line+line",
        "lz4+line",
        "line+auto",
        "line+lzo",
        "line(level=1)x",
        "line +lz4",
        "+lz4",
        "line+line+lz4"
      })
  void unknownTextIsRefusedNamingWhatIsAllowed(String text) {
    assertThatThrownBy(() -> PackingSpec.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "unknown algorithm '%s'; allowed are lz4, line, line+lz4, line+zstd,"
                + " line+zstd(level=N), zstd, zstd(level=N), none and auto",
            text);
  }

  @ParameterizedTest
  @CsvSource({
    "line+zstd(level=99), zstd has no level 99",
    "line+lz4(level=1), lz4 has no levels",
    "line(level=1), line has no levels"
  })
  void aLevelThatTheCodecHasNotIsRefused(String text, String why) {
    assertThatThrownBy(() -> PackingSpec.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(why);
  }

  @Test
  void lineIsNeverWhatIsLeft() {
    CodecSpec line = CodecSpec.of(Algorithm.LINE);
    assertThatThrownBy(() -> new PackingSpec(false, line))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void autoIsWhatThisMachineGetsByItsName() {
    PackingSpec auto = PackingSpec.parse("auto");
    assertThat(auto).isEqualTo(AutoPacking.ofThisMachine().packing());
    assertThat(PackingSpec.parse(auto.toString())).isEqualTo(auto);
    assertThat(auto.unusable()).isEmpty();
  }
}
