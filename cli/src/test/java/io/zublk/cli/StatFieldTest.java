package io.zublk.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.block.Latency;
import io.zublk.nbd.NbdCounters;
import io.zublk.store.StoreStats;
import io.zublk.ublk.UblkCounter;
import io.zublk.vhost.VhostCounter;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StatFieldTest {

  private static final List<String> NAMES = StatField.all().stream().map(StatField::name).toList();

  @Test
  void everyCounterOfEveryModuleIsExplained() {
    assertThat(NAMES)
        .doesNotHaveDuplicates()
        .containsAll(names("", StoreStats.class))
        .containsAll(names("nbd_", NbdCounters.class))
        .containsAll(names("read_latency_", Latency.class))
        .containsAll(names("write_latency_", Latency.class))
        .containsAll(names("discard_latency_", Latency.class))
        .containsAll(names("ublk_", UblkCounter.values()))
        .containsAll(names("vhost_", VhostCounter.values()));
  }

  private static List<String> names(String prefix, Enum<?>[] counters) {
    return Stream.of(counters)
        .map(counter -> prefix + counter.name().toLowerCase(Locale.ROOT))
        .toList();
  }

  private static List<String> names(String prefix, Class<? extends Record> counters) {
    return Arrays.stream(counters.getRecordComponents())
        .map(RecordComponent::getName)
        .map(
            name -> prefix + name.replaceAll("([a-z0-9])([A-Z])", "$1_$2").toLowerCase(Locale.ROOT))
        .toList();
  }

  @Test
  void noExplanationIsEmptyAndAllFitATerminal() {
    assertThat(StatField.all()).allMatch(field -> !field.meaning().isBlank());
    assertThat(StatField.help().lines()).allMatch(line -> line.length() <= 100);
  }

  @ParameterizedTest
  @CsvSource({
    "size, 3145728, '3145728        bytes, 3M'",
    "size, 1023, '1023           bytes'",
    "same_pages, 512, '512            pages, 2M'",
    "same_pages, 0, '0              pages'",
    "ublk_reads, 7, '7              requests'",
    "id, 7, '7'"
  })
  void numbersAreToTheDigitAndForPeople(String name, long value, String text) {
    StatField field =
        StatField.all().stream().filter(f -> f.name().equals(name)).findFirst().orElseThrow();
    assertThat(field.text(value)).isEqualTo(text);
  }
}
