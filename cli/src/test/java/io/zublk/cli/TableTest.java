package io.zublk.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TableTest {

  private final Table table = new Table(List.of(false, true, false));

  @BeforeEach
  void fill() {
    table.add(List.of("NAME", "SIZE", "AT"));
    table.add(List.of("a", "10", "/mnt/a b"));
    table.add(List.of("longer", "1000000", ""));
  }

  @Test
  void alignsColumns() {
    assertThat(table.lines())
        .containsExactly(
            "NAME      SIZE AT", //
            "a           10 /mnt/a b",
            "longer 1000000");
  }

  @Test
  void keepsCellsApartForPrograms() {
    assertThat(table.rawLines())
        .containsExactly("NAME SIZE AT", "a 10 /mnt/a\\x20b", "longer 1000000 -");
  }
}
