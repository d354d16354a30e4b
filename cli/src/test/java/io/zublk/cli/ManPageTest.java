package io.zublk.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ManPageTest {

  @Test
  void saysWhatTheCommandsSay() throws IOException {
    String page = ManPage.of(Main.commandLine());
    Path made = Files.writeString(Path.of("target", "zublk.1"), page);
    assertThat(Files.readString(Path.of("..", "docs", "zublk.1")))
        .as("the manual page is out of date: copy cli/%s to docs", made)
        .isEqualTo(page);
  }
}
