package io.zublk.uring.sys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DatagramSocketTest {

  @TempDir private Path temp;

  private static void assertDelivered(String name) throws LinuxException {
    try (DatagramSocket receiver = new DatagramSocket();
        DatagramSocket sender = new DatagramSocket()) {
      receiver.bind(name);
      sender.send(name, "Grüße\n".getBytes(StandardCharsets.UTF_8));
      sender.send(name, new byte[] {1, 2, 3});
      assertThat(receiver.receive(100)).asString(StandardCharsets.UTF_8).isEqualTo("Grüße\n");
      assertThat(receiver.receive(2)).containsExactly(1, 2);
    }
  }

  @Test
  void deliversMessagesAsTheyWereSent() throws LinuxException {
    assertDelivered(temp.resolve("socket").toString());
    assertDelivered("@zublk test of " + temp);
  }

  @Test
  void saysToWhomNothingCanBeSent() throws LinuxException {
    try (DatagramSocket sender = new DatagramSocket()) {
      String nobody = temp.resolve("nobody").toString();
      assertThatThrownBy(() -> sender.send(nobody, new byte[1])).hasMessageContaining(nobody);
      for (String name : new String[] {"", "x".repeat(109)}) {
        assertThatThrownBy(() -> sender.send(name, new byte[1]))
            .hasMessageContaining("a name of " + name.length());
      }
    }
  }
}
