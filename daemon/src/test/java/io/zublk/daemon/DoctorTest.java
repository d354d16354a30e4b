package io.zublk.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class DoctorTest {

  @Test
  void saysWhatToDoAboutEverythingThatIsNotWell() {
    assertThat(new Doctor().examine())
        .hasSizeGreaterThanOrEqualTo(9)
        .allSatisfy(finding -> {
          assertThat(finding.what()).isNotBlank().doesNotContain("\n");
          assertThat(finding.todo().isEmpty()).isEqualTo(finding.verdict() == Doctor.Verdict.OK);
        });
  }
}
