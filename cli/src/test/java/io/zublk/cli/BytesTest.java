package io.zublk.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BytesTest {

  @ParameterizedTest
  @CsvSource({
    "0, 0B",
    "1, 1B",
    "1023, 1023B",
    "1024, 1K",
    "1536, 1.5K",
    "1048575, 1M",
    "1048576, 1M",
    "20000768, 19.1M",
    "1073741824, 1G",
    "1099511627776, 1T",
    "9223372036854775807, 8E",
    "-1, -1B"
  })
  void areShort(long bytes, String text) {
    assertThat(Bytes.human(bytes)).isEqualTo(text);
  }
}
