package io.zublk.vmtest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** However a guest goes wrong, it is seen. */
@Tag("guest")
class GuestFailuresTest {

  @Test
  void whatExplainsAFailureIsKept() throws IOException, InterruptedException {
    Report report = Scenario.inTests("crashes").run();
    assertThat(report.status()).isNotZero();
    Path kept = Path.of(told(report, "# kept: "));
    assertThat(Path.of(told(report, "# a JVM crashed: "))).content().contains("SIGSEGV");
    assertThat(kept.resolve("evidence/run/zublk/0/log")).hasContent("what a device said");
    assertThat(kept.resolve("evidence/tmp/dmesg")).content().contains("Linux version");
    delete(kept);
  }

  @Test
  void whatExplainsAHangIsKept() throws IOException, InterruptedException {
    Report report = Scenario.inTests("hangs").run();
    assertThat(report.status()).isNotZero();
    assertThat(report.complete()).isFalse();
    Path kept = Path.of(told(report, "# kept: "));
    assertThat(kept.resolve("evidence/tmp/dmesg")).content().contains("Show Blocked State");
    assertThat(kept.resolve("evidence/tmp/processes")).content().contains("sleep 600");
    assertThat(kept.resolve("evidence/tmp"))
        .isDirectoryContaining(file -> file.getFileName().toString().startsWith("threads-"));
    delete(kept);
  }

  private static void delete(Path kept) throws IOException {
    try (Stream<Path> files = Files.walk(kept)) {
      files.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
    }
  }

  private static String told(Report report, String what) {
    return report.console().stream()
        .filter(line -> line.startsWith(what))
        .map(line -> line.substring(what.length()))
        .findFirst()
        .orElseThrow(() -> new AssertionError(String.join("\n", report.console())));
  }

  @ParameterizedTest
  @ValueSource(strings = {"fails", "complains"})
  void aFailedCheckIsAFailure(String name) throws IOException, InterruptedException {
    Report report = Scenario.inTests(name, "--discard").run();
    assertThat(report.status()).isNotZero();
    assertThat(report.complete()).isTrue();
    assertThat(report.checks()).filteredOn(check -> !check.passed()).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"ends-early", "loses-a-check", "freezes", "panics"})
  void aGuestThatDoesNotComeToItsEndIsAFailure(String name)
      throws IOException, InterruptedException {
    Report report = Scenario.inTests(name, "--discard").run();
    assertThat(report.status()).isNotZero();
    assertThat(report.complete()).isFalse();
    // The guest did boot and run: it is not for another reason that this failed.
    assertThat(report.checks())
        .as(String.join("\n", report.console()))
        .extracting(Report.Check::passed)
        .containsExactly(true);
  }
}
