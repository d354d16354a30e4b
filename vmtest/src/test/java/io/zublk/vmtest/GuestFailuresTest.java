package io.zublk.vmtest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** However a guest goes wrong, it is seen. */
@Tag("guest")
class GuestFailuresTest {

  @ParameterizedTest
  @ValueSource(strings = {"fails", "complains"})
  void aFailedCheckIsAFailure(String name) throws IOException, InterruptedException {
    Report report = Scenario.inTests(name).run();
    assertThat(report.status()).isNotZero();
    assertThat(report.complete()).isTrue();
    assertThat(report.checks()).filteredOn(check -> !check.passed()).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"ends-early", "loses-a-check", "hangs", "freezes", "panics"})
  void aGuestThatDoesNotComeToItsEndIsAFailure(String name)
      throws IOException, InterruptedException {
    Report report = Scenario.inTests(name).run();
    assertThat(report.status()).isNotZero();
    assertThat(report.complete()).isFalse();
    // The guest did boot and run: it is not for another reason that this failed.
    assertThat(report.checks())
        .as(String.join("\n", report.console()))
        .extracting(Report.Check::passed)
        .containsExactly(true);
  }
}
