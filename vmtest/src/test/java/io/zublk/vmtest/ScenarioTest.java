package io.zublk.vmtest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class ScenarioTest {

  private static List<String> guests(String scenario, boolean onDemand) throws IOException {
    return Scenario.all(onDemand).stream()
        .filter(each -> each.name().equals(scenario))
        .map(Scenario::guest)
        .toList();
  }

  @Test
  void guestsThatTakeLongAreForThoseWhoAskForThem() throws IOException {
    assertThat(guests("killed", false)).containsExactly("uml");
    assertThat(guests("killed", true)).containsExactly("uml", "qemu");
    assertThat(guests("modes", false)).containsExactly("uml", "qemu");
  }

  @Test
  void whatIsNoScenarioHasNoGuests() throws IOException {
    assertThat(guests("lib", true)).isEmpty();
  }
}
