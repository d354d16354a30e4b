package io.zublk.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zublk.nbd.NbdOptions;
import io.zublk.uring.sys.SocketAccess;
import java.io.IOException;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class NbdConfigTest {

  private static final NbdConfig ALL = new NbdConfig("unix:/run/s", "0660", "disk", "my disk", 256);

  @Test
  void travelsAsJson() throws IOException {
    for (NbdConfig config : List.of(ALL, NbdConfig.DEFAULT)) {
      assertThat(Json.record(NbdConfig.class, Json.line(config))).isEqualTo(config);
    }
  }

  @Test
  void becomesAServersOptions() {
    assertThat(ALL.options().maxConnections()).isEqualTo(256);
    assertThat(ALL.options().socketAccess()).isEqualTo(new SocketAccess(0660, "disk"));
    assertThat(NbdConfig.DEFAULT.options()).isEqualTo(NbdOptions.defaults());
  }

  @Test
  void namesTheOptionsThatWereGiven() {
    assertThat(NbdConfig.DEFAULT.names()).isEmpty();
    assertThat(ALL.names())
        .containsExactly(
            "--listen", "--listen-mode", "--listen-group", "--export-name", "--max-clients");
  }

  @Test
  void refusesWhatCannotBeServed() {
    assertRefused("--max-clients 0", () -> new NbdConfig(null, null, null, null, 0));
    assertRefused("--max-clients 1025", () -> new NbdConfig(null, null, null, null, 1025));
    assertRefused("mode '88'", () -> new NbdConfig(null, "88", null, null, null));
    assertRefused("unix socket", () -> new NbdConfig("tcp:a:1", "0660", null, null, null));
    assertRefused("unix socket", () -> new NbdConfig("tcp:a:1", null, "disk", null, null));
    assertRefused("5000 bytes", () -> new NbdConfig(null, null, null, "x".repeat(5000), null));
  }

  private static void assertRefused(String reason, ThrowingCallable attempt) {
    assertThatThrownBy(attempt)
        .satisfies(thrown ->
            assertThat(UserException.lineFor(thrown)).contains(reason).doesNotContain("\n"));
  }
}
