package io.zublk.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NbdAddressTest {

  @Test
  void parsesWhatItPrints() {
    for (String text :
        new String[] {
          "unix:/run/a b", "tcp:localhost:0", "tcp:[::1]:10809", "tcp:[fe80::1%eth0]:1"
        }) {
      assertThat(NbdAddress.parse(text)).hasToString(text);
    }
    assertThat(NbdAddress.parse("unix:/a")).isEqualTo(new NbdAddress.Unix(Path.of("/a")));
    assertThat(NbdAddress.parse("tcp:::1".replace("::1", "[::1]:7")))
        .isEqualTo(new NbdAddress.Tcp("::1", 7));
  }

  @Test
  void makesRelativeSocketPathsAbsolute() {
    for (String text : new String[] {"unix:sock", "unix:./sock", "unix:.//./sock"}) {
      assertThat(NbdAddress.parse(text))
          .isEqualTo(new NbdAddress.Unix(Path.of("sock").toAbsolutePath()));
    }
  }

  @Test
  void writesUrisThatClientsUnderstand() {
    assertThat(NbdAddress.parse("unix:/run/z b&c+d").uri("disk 1?"))
        .hasToString("nbd+unix:///disk%201%3F?socket=/run/z%20b%26c%2Bd");
    assertThat(NbdAddress.parse("tcp:127.0.0.1:10809").uri(""))
        .hasToString("nbd://127.0.0.1:10809/");
    assertThat(NbdAddress.parse("tcp:[::1]:5").uri("ä")).hasToString("nbd://[::1]:5/%C3%A4");
    assertThat(NbdAddress.parse("tcp:0.0.0.0:5").uri("x")).hasToString("nbd://0.0.0.0:5/x");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "unix",
        "unix:",
        "unix:\0",
        "unix:/",
        "unix:/.",
        "unix:/tmp/..",
        "tcp:",
        "tcp:host",
        "tcp:host:",
        "tcp:host:x",
        "tcp:host:65536",
        "tcp:host:-1",
        "tcp::80",
        "tcp:::1:80",
        "tcp:[host]:80",
        "tcp:[[host]]:80",
        "tcp:[[::1]]:80",
        "tcp:[]:80",
        "tcp:[::1::]:80",
        "tcp:[:]:80",
        "tcp:ho st:80",
        "tcp:host/x:80",
        "udp:host:80",
        "/run/sock"
      })
  void refusesWhatIsNoAddress(String text) {
    assertThatThrownBy(() -> NbdAddress.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void saysThatADirectoryIsNoSocket() {
    assertThatThrownBy(() -> NbdAddress.parse("unix:/"))
        .hasMessage("/ is a directory; name a socket in one");
  }

  @Test
  void refusesSocketPathsTheKernelCannotHold() {
    assertThat(NbdAddress.parse("unix:/" + "x".repeat(105))).isNotNull();
    assertThatThrownBy(() -> NbdAddress.parse("unix:/" + "x".repeat(106)))
        .hasMessageContaining("107 bytes long; the limit is 106");
  }
}
