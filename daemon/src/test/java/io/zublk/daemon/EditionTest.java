package io.zublk.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.daemon.command.Edition;
import org.junit.jupiter.api.Test;

class EditionTest {

  private static final Edition SERVES = new Edition("1.2.0", 2, 3, 3, 5);

  private static String objection(String program, int oldest, int newest, int layout) {
    return SERVES.objectionTo(new Edition(program, oldest, newest, 3, layout), 5).orElse("none");
  }

  @Test
  void whatUnderstandsOneConversationOfItsOwnTakesOver() {
    assertThat(objection("1.2.0", 2, 3, 5)).isEqualTo("none");
    assertThat(objection("1.10.0", 3, 4, 6)).isEqualTo("none");
    assertThat(objection("1.2.0", 1, 2, 5)).isEqualTo("none");
  }

  @Test
  void whatUnderstandsNoneDoesNot() {
    assertThat(objection("2.0.0", 4, 5, 6))
        .isEqualTo("2.0.0 hands over in versions 4 to 5, the one that serves in 2 to 3");
    assertThat(objection("1.2.0", 1, 1, 5))
        .endsWith("in 2 to 3; it is older, and there is no downgrade");
  }

  @Test
  void whatCannotReadTheStoreDoesNot() {
    assertThat(objection("1.2.0", 2, 3, 4))
        .isEqualTo(
            "1.2.0 reads store layouts 3 to 4 and the device has 5; it is older, and there is no downgrade");
    assertThat(SERVES.objectionTo(new Edition("9", 2, 3, 6, 7), 5))
        .hasValue("9 reads store layouts 6 to 7 and the device has 5");
  }

  @Test
  void whatIsOlderDoesNotAsFarAsThatIsKnown() {
    assertThat(objection("1.1.9", 2, 3, 5))
        .isEqualTo("1.1.9 is older than the one that serves, 1.2.0; there is no downgrade");
    assertThat(objection("1.2.0-SNAPSHOT", 2, 3, 5)).contains("no downgrade");
    assertThat(objection(null, 2, 3, 5)).isEqualTo("none");
    assertThat(objection("mine", 2, 3, 5)).isEqualTo("none");
  }
}
