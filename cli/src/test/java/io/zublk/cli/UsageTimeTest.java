package io.zublk.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class UsageTimeTest {

  @ParameterizedTest
  @CsvSource({"0, PT0S", "10, PT10S", "10s, PT10S", "500ms, PT0.5S", "2m, PT2M", "60m, PT1H"})
  void isReadAsUsersWriteIt(String text, Duration time) {
    assertThat(new Usage.Time().convert(text)).isEqualTo(time);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "s", "-1", "1h", "1.5s", "10 s", "61m", "3601", "99999999999"})
  void whatIsNoTimeOrTooLongIsRefused(String text) {
    assertThatThrownBy(() -> new Usage.Time().convert(text))
        .isInstanceOf(TypeConversionException.class)
        .hasMessageContaining("'" + text + "'");
  }
}
