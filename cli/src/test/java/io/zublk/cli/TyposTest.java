package io.zublk.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TyposTest {

  private static final List<String> WORDS = List.of("lz4", "zstd", "none", "throughput");

  @ParameterizedTest
  @CsvSource({"zst, zstd", "zsdt, zstd", "ZSTDD, zstd", "lz, lz4", "troughputt, throughput"})
  void aFewWrongLettersAreForgiven(String typed, String meant) {
    assertThat(Typos.closest(typed, WORDS)).contains(meant);
  }

  @ParameterizedTest
  @CsvSource({"fish", "x", "lzma2", "put"})
  void somethingElseIsNotGuessed(String typed) {
    assertThat(Typos.closest(typed, WORDS)).isEmpty();
  }

  @Test
  void neighboursThatAreSwappedAreOneEdit() {
    assertThat(Typos.edits("ab", "ba")).isOne();
    assertThat(Typos.edits("kitten", "sitting")).isEqualTo(3);
    assertThat(Typos.edits("", "abc")).isEqualTo(3);
  }
}
