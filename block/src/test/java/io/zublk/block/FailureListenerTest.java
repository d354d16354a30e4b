package io.zublk.block;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class FailureListenerTest {

  @Test
  void onlyTheFirstFailureIsTold() {
    List<String> told = new ArrayList<>();
    FailureListener once = FailureListener.once((reason, cause) -> told.add(reason + cause));
    Throwable cause = new IllegalStateException("broken");
    once.failed("first ", cause);
    once.failed("second ", cause);
    assertThat(told).containsExactly("first " + cause);
  }

  @Test
  void aListenerThatThrowsIsNobodysFailure() {
    FailureListener once =
        FailureListener.once((_, _) -> {
          throw new OutOfMemoryError("none left");
        });
    once.failed("first", new IllegalStateException());
    once.failed("second", new IllegalStateException());
  }
}
