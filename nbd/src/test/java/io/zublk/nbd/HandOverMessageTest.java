package io.zublk.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zublk.nbd.NbdHandOver.Served;
import io.zublk.nbd.Negotiation.Step;
import io.zublk.uring.sys.LinuxSocket;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HandOverMessageTest {

  private static final NbdAddress ADDRESS = NbdAddress.parse("unix:/run/nbd");

  private static NbdHandOver handOver(LinuxSocket socket) {
    return new NbdHandOver(
        socket,
        ADDRESS,
        "(dev=1,ino=2)",
        new Served("disk", 1 << 20, true),
        List.of(
            new StoppedClient(socket, new Session(true, false), new byte[] {1, 2, 3}),
            new StoppedClient(
                socket, new Negotiation(Step.OPTIONS, true, true, "disk"), new byte[0]),
            new StoppedClient(
                socket, new Negotiation(Step.CLIENT_FLAGS, false, false, null), new byte[3])));
  }

  @Test
  void whatIsReadIsWhatWasWritten() throws IOException {
    byte[] bytes = HandOverMessage.encode(handOver(null));
    NbdHandOver read = HandOverMessage.decode(bytes, Collections.nCopies(4, null));
    assertThat(read.address()).isEqualTo(ADDRESS);
    assertThat(read.fileKey()).isEqualTo("(dev=1,ino=2)");
    assertThat(read.export()).isEqualTo(new Served("disk", 1 << 20, true));
    assertThat(read.clients().stream().map(StoppedClient::stage).toList())
        .isEqualTo(handOver(null).clients().stream().map(StoppedClient::stage).toList());
    assertThat(HandOverMessage.encode(read)).isEqualTo(bytes);
  }

  @Test
  void whatIsCutOffOrTooLongIsRefused() throws IOException {
    byte[] bytes = HandOverMessage.encode(handOver(null));
    for (int length = 0; length <= bytes.length + 1; length++) {
      byte[] other = Arrays.copyOf(bytes, length);
      if (length != bytes.length) {
        assertThatThrownBy(() -> HandOverMessage.decode(other, Collections.nCopies(4, null)))
            .as("%d bytes", length)
            .isInstanceOf(IOException.class);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0,7b,what came is no hand-over",
    "11,2,is of version 2; this program knows 1",
    "12,70,a hand-over of 0 clients in",
    "17,7f,a hand-over of 8323072 clients"
  })
  void anotherVersionOrWhatIsNoneIsRefusedInWords(int at, String value, String words)
      throws IOException {
    ByteBuffer header = ByteBuffer.allocate(20);
    header.put("zublkNBD".getBytes(StandardCharsets.US_ASCII));
    header.putInt(1).putInt(10_000).putInt(0);
    header.put(at, (byte) Integer.parseInt(value, 16));
    LinuxSocket[] both = LinuxSocket.pair();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocateFrom(ValueLayout.JAVA_BYTE, header.array());
      both[0].sendAll(bytes);
      both[0].close();
      assertThatThrownBy(() -> NbdHandOver.receive(both[1])).hasMessageContaining(words);
    } finally {
      both[1].close();
    }
  }
}
