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
    stack.push("first", () -> undone.add("first"));
    stack.push("second", () -> undone.add("second"));
    assertThat(stack.unwind(new DeviceLog())).isTrue();
    assertThat(stack.unwind(new DeviceLog())).isTrue();
    assertThat(undone).containsExactly("second", "first");
  }

  @Test
  void goesOnAfterAFailure() {
    stack.push("first", () -> undone.add("first"));
    stack.push(
        "second",
        () -> {
          throw new IOException("no");
        });
    stack.push(
        "third",
        () -> {
          throw new AssertionError("a bug");
        });
    assertThat(stack.unwind(new DeviceLog())).isFalse();
    assertThat(undone).containsExactly("first");
  }
}
