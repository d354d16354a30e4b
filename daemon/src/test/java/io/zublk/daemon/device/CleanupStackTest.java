package io.zublk.daemon.device;

import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.daemon.log.DeviceLog;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class CleanupStackTest {

  private final CleanupStack stack = new CleanupStack();
  private final List<String> undone = new ArrayList<>();

  @Test
  void undoesInReverseOrderOnce() {
    stack.push("first", _ -> undone.add("first"));
    stack.push("second", _ -> undone.add("second"));
    assertThat(stack.unwind(Outcome.DELETE, new DeviceLog())).isTrue();
    assertThat(stack.unwind(Outcome.DELETE, new DeviceLog())).isTrue();
    assertThat(undone).containsExactly("second", "first");
  }

  @Test
  void everyStepHearsWhatIsToBecomeOfTheDevice() {
    stack.push("first", outcome -> undone.add("first " + outcome));
    stack.push("second", outcome -> undone.add("second " + outcome));
    stack.unwind(Outcome.KEEP, new DeviceLog());
    assertThat(undone).containsExactly("second KEEP", "first KEEP");
  }

  @Test
  void goesOnAfterAFailure() {
    stack.push("first", _ -> undone.add("first"));
    stack.push(
        "second",
        _ -> {
          throw new IOException("no");
        });
    stack.push(
        "third",
        _ -> {
          throw new AssertionError("a bug");
        });
    assertThat(stack.unwind(Outcome.DELETE, new DeviceLog())).isFalse();
    assertThat(undone).containsExactly("first");
  }
}
