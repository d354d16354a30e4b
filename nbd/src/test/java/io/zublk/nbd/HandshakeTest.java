package io.zublk.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zublk.block.Errno;
import io.zublk.nbd.NbdTestClient.OptionReply;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class HandshakeTest {

  private static final byte[] NOTHING = {};
  private static final long SIZE = 1 << 20;

  private TestServer server;
  private NbdTestClient client;

  @BeforeEach
  void start() throws IOException {
    server = new TestServer(SIZE);
    client = new NbdTestClient(server.address());
  }

  @AfterEach
  void stop() throws IOException {
    client.close();
    server.close();
  }

  private void assertOthersAreServed() throws IOException {
    try (NbdTestClient other = NbdTestClient.connect(server.address(), true)) {
      assertThat(other.read(0, 512).data()).isEqualTo(new byte[512]);
    }
  }

  private int lastReply(int option, byte[] data) throws IOException {
    return client.option(option, data).getLast().type();
  }

  @Test
  void offersFixedNewstyleWithoutZeroes() throws IOException {
    assertThat(client.greet(3)).isEqualTo(3);
  }

  @Test
  void goTellsSizeFlagsNameDescriptionAndBlockSizes() throws IOException {
    client.greet(3);
    lastReply(NbdProtocol.OPT_STRUCTURED_REPLY, NOTHING);
    List<OptionReply> replies =
        client.option(NbdProtocol.OPT_GO, NbdTestClient.go("ram", 1, 2, 3, 99));
    assertThat(replies).extracting(OptionReply::type).containsExactly(3, 3, 3, 3, 1);
    ByteBuffer export = ByteBuffer.wrap(replies.get(0).data());
    assertThat(export.getShort()).isZero();
    assertThat(export.getLong()).isEqualTo(SIZE);
    assertThat(export.getShort() & 0xffff).isEqualTo(0b1101_1110_1101);
    assertThat(replies.get(1).data()).endsWith("ram".getBytes(StandardCharsets.UTF_8));
    assertThat(replies.get(2).data()).endsWith("a disk".getBytes(StandardCharsets.UTF_8));
    ByteBuffer sizes = ByteBuffer.wrap(replies.get(3).data());
    assertThat(sizes.getShort()).isEqualTo((short) 3);
    assertThat(sizes.getInt()).isEqualTo(1);
    assertThat(sizes.getInt()).isEqualTo(4096);
    assertThat(sizes.getInt()).isEqualTo(32 << 20);
    assertThat(client.read(0, 16).error()).isZero();
  }

  @Test
  void infoTellsTheSameAndStaysInTheHandshake() throws IOException {
    client.greet(3);
    assertThat(lastReply(NbdProtocol.OPT_INFO, NbdTestClient.go("ram"))).isEqualTo(1);
    assertThat(lastReply(NbdProtocol.OPT_GO, NbdTestClient.go(""))).isEqualTo(1);
    assertThat(client.read(0, 16).error()).isZero();
  }

  @Test
  void unknownExportsAreAnErrorAfterWhichTheClientMayGoOn() throws IOException {
    client.greet(3);
    assertThat(lastReply(NbdProtocol.OPT_INFO, NbdTestClient.go("other")))
        .isEqualTo(NbdProtocol.REP_ERR_UNKNOWN);
    assertThat(lastReply(NbdProtocol.OPT_GO, NbdTestClient.go("other")))
        .isEqualTo(NbdProtocol.REP_ERR_UNKNOWN);
    assertThat(lastReply(NbdProtocol.OPT_GO, NbdTestClient.go("ram"))).isEqualTo(1);
  }

  @Test
  void exportNameEntersWithAndWithoutZeroes() throws IOException {
    client.greet(1);
    client.sendOption(NbdProtocol.OPT_EXPORT_NAME, "ram".getBytes(StandardCharsets.UTF_8));
    ByteBuffer reply = client.receive(10 + 124);
    assertThat(reply.getLong()).isEqualTo(SIZE);
    assertThat(client.read(0, 16).error()).isZero();
    try (NbdTestClient other = new NbdTestClient(server.address())) {
      other.greet(3);
      other.sendOption(NbdProtocol.OPT_EXPORT_NAME, NOTHING);
      other.receive(10);
      assertThat(other.read(0, 16).error()).isZero();
    }
  }

  @Test
  void exportNameOfAnUnknownExportIsHungUpOn() throws IOException {
    client.greet(3);
    client.sendOption(NbdProtocol.OPT_EXPORT_NAME, new byte[] {'x'});
    assertThat(client.isHungUp()).isTrue();
  }

  @Test
  void requestsSentTogetherWithExportNameAreServed() throws IOException {
    client.greet(3);
    ByteBuffer both = ByteBuffer.allocate(16 + 28);
    both.putLong(NbdProtocol.OPTION_MAGIC).putInt(NbdProtocol.OPT_EXPORT_NAME).putInt(0);
    both.putInt(NbdProtocol.REQUEST_MAGIC).putInt(NbdProtocol.CMD_FLUSH).putLong(7).putLong(0);
    client.sendBytes(both.putInt(0).flip());
    client.receive(10);
    ByteBuffer reply = client.receive(16);
    assertThat(reply.getInt()).isEqualTo(NbdProtocol.SIMPLE_REPLY_MAGIC);
    assertThat(reply.getInt()).isZero();
    assertThat(reply.getLong()).isEqualTo(7);
  }

  @Test
  void listsTheExport() throws IOException {
    client.greet(3);
    List<OptionReply> replies = client.option(NbdProtocol.OPT_LIST, NOTHING);
    assertThat(replies).extracting(OptionReply::type).containsExactly(2, 1);
    assertThat(replies.get(0).data())
        .isEqualTo("\0\0\0\3rama disk".getBytes(StandardCharsets.UTF_8));
    assertThat(lastReply(NbdProtocol.OPT_LIST, new byte[1])).isEqualTo(NbdProtocol.REP_ERR_INVALID);
  }

  @Test
  void abortIsAcknowledged() throws IOException {
    client.greet(3);
    assertThat(lastReply(NbdProtocol.OPT_ABORT, NOTHING)).isEqualTo(1);
    assertThat(client.isHungUp()).isTrue();
    assertThat(server.server().counters().handshakesFailed()).isZero();
  }

  @Test
  void optionsItDoesNotHaveAreRefusedAndTheClientGoesOn() throws IOException {
    client.greet(3);
    for (int option : new int[] {0, 4, NbdProtocol.OPT_STARTTLS, 11, 12, 99, -1}) {
      assertThat(lastReply(option, new byte[16 << 10])).isEqualTo(NbdProtocol.REP_ERR_UNSUP);
    }
    assertThat(lastReply(NbdProtocol.OPT_GO, NbdTestClient.go(""))).isEqualTo(1);
  }

  @Test
  void metaContextsNeedStructuredReplies() throws IOException {
    client.greet(3);
    byte[] data = NbdTestClient.metaContext("", "base:allocation");
    assertThat(lastReply(NbdProtocol.OPT_SET_META_CONTEXT, data))
        .isEqualTo(NbdProtocol.REP_ERR_INVALID);
    lastReply(NbdProtocol.OPT_STRUCTURED_REPLY, NOTHING);
    List<OptionReply> replies = client.option(NbdProtocol.OPT_SET_META_CONTEXT, data);
    assertThat(replies).extracting(OptionReply::type).containsExactly(4, 1);
    assertThat(replies.get(0).data())
        .isEqualTo("\0\0\0\1base:allocation".getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void metaContextsAreListedByWildcardAndChosenByName() throws IOException {
    client.greet(3);
    lastReply(NbdProtocol.OPT_STRUCTURED_REPLY, NOTHING);
    int list = NbdProtocol.OPT_LIST_META_CONTEXT;
    int set = NbdProtocol.OPT_SET_META_CONTEXT;
    assertThat(client.option(list, NbdTestClient.metaContext(""))).hasSize(2);
    assertThat(client.option(list, NbdTestClient.metaContext("", "base:"))).hasSize(2);
    assertThat(client.option(list, NbdTestClient.metaContext("", "qemu:"))).hasSize(1);
    assertThat(client.option(set, NbdTestClient.metaContext(""))).hasSize(1);
    assertThat(client.option(set, NbdTestClient.metaContext("", "x:", "base:allocation")))
        .hasSize(2);
    assertThat(lastReply(set, NbdTestClient.metaContext("other", "base:allocation")))
        .isEqualTo(NbdProtocol.REP_ERR_UNKNOWN);
  }

  @Test
  void blockStatusNeedsTheContextOfTheChosenExport() throws IOException {
    client.greet(3);
    lastReply(NbdProtocol.OPT_STRUCTURED_REPLY, NOTHING);
    lastReply(
        NbdProtocol.OPT_SET_META_CONTEXT, NbdTestClient.metaContext("ram", "base:allocation"));
    lastReply(NbdProtocol.OPT_GO, NbdTestClient.go(""));
    assertThat(client.call(NbdProtocol.CMD_BLOCK_STATUS, 0, 0, 4096, NOTHING).error())
        .isEqualTo(Errno.EINVAL);
  }

  @Test
  void malformedOptionDataIsAnErrorAfterWhichTheClientMayGoOn() throws IOException {
    client.greet(3);
    lastReply(NbdProtocol.OPT_STRUCTURED_REPLY, NOTHING);
    byte[] go = NbdTestClient.go("ram", 1, 2, 3);
    byte[] context = NbdTestClient.metaContext("ram", "base:allocation");
    for (int cut = 0; cut < go.length && cut < 20; cut++) {
      assertThat(lastReply(NbdProtocol.OPT_GO, Arrays.copyOf(go, cut)))
          .as("cut at %d", cut)
          .isEqualTo(NbdProtocol.REP_ERR_INVALID);
    }
    for (int cut = 0; cut < context.length; cut++) {
      try (NbdTestClient fresh = new NbdTestClient(server.address())) {
        fresh.greet(3);
        fresh.option(NbdProtocol.OPT_STRUCTURED_REPLY, NOTHING);
        byte[] data = Arrays.copyOf(context, cut);
        assertThat(fresh.option(NbdProtocol.OPT_SET_META_CONTEXT, data).getLast().type())
            .as("cut at %d", cut)
            .isEqualTo(NbdProtocol.REP_ERR_INVALID);
      }
    }
    assertThat(lastReply(NbdProtocol.OPT_GO, Arrays.copyOf(go, go.length + 1)))
        .isEqualTo(NbdProtocol.REP_ERR_INVALID);
  }

  @Test
  void lengthsInsideAnOptionThatLieAreAnError() throws IOException {
    client.greet(3);
    for (int length : new int[] {-1, Integer.MAX_VALUE, Integer.MIN_VALUE, 4097, 100}) {
      byte[] go = ByteBuffer.allocate(64).putInt(length).array();
      assertThat(lastReply(NbdProtocol.OPT_GO, go)).isEqualTo(NbdProtocol.REP_ERR_INVALID);
    }
    lastReply(NbdProtocol.OPT_STRUCTURED_REPLY, NOTHING);
    for (int queries : new int[] {-1, Integer.MAX_VALUE, 2}) {
      ByteBuffer data = ByteBuffer.allocate(64).putInt(0).putInt(queries).putInt(40);
      assertThat(lastReply(NbdProtocol.OPT_SET_META_CONTEXT, data.array()))
          .isEqualTo(NbdProtocol.REP_ERR_INVALID);
    }
  }

  @Test
  void tooLongOptionsAreHungUpOnBeforeTheirDataComes() throws IOException {
    for (int length : new int[] {-1, Integer.MAX_VALUE, Integer.MIN_VALUE, (16 << 10) + 1}) {
      try (NbdTestClient hostile = new NbdTestClient(server.address())) {
        hostile.greet(3);
        ByteBuffer option = ByteBuffer.allocate(16).putLong(NbdProtocol.OPTION_MAGIC);
        hostile.sendBytes(option.putInt(NbdProtocol.OPT_GO).putInt(length).flip());
        assertThat(hostile.isHungUp()).isTrue();
      }
    }
    assertOthersAreServed();
  }

  @Test
  void unknownClientFlagsAreHungUpOn() throws IOException {
    client.greet(4);
    assertThat(client.isHungUp()).isTrue();
  }

  @Test
  void wrongOptionMagicIsHungUpOn() throws IOException {
    client.greet(3);
    try (CapturedLog log = new CapturedLog()) {
      client.sendBytes(ByteBuffer.allocate(16).putLong(NbdProtocol.OPTION_MAGIC + 1).clear());
      assertThat(client.isHungUp()).isTrue();
      assertThat(server.server().counters().handshakesFailed()).isOne();
      assertThat(log.lines(false))
          .singleElement()
          .asString()
          .contains("hung up on a client: an option without the magic number");
    }
  }

  @Test
  void endlessHagglingIsHungUpOn() throws IOException {
    client.greet(3);
    assertThatThrownBy(
            () -> {
              for (int i = 0; i <= Handshake.MAX_OPTIONS; i++) {
                client.option(NbdProtocol.OPT_LIST, NOTHING);
              }
            })
        .isInstanceOfAny(EOFException.class, IOException.class);
    assertOthersAreServed();
  }

  @Test
  void clientsThatLeaveAtAnyByteOfTheHandshakeHarmNobody() throws IOException {
    byte[] name = {'r', 'a', 'm'};
    ByteBuffer all = ByteBuffer.allocate(4 + 16 + 16 + name.length + 28);
    all.putInt(3);
    all.putLong(NbdProtocol.OPTION_MAGIC).putInt(NbdProtocol.OPT_STRUCTURED_REPLY).putInt(0);
    all.putLong(NbdProtocol.OPTION_MAGIC).putInt(NbdProtocol.OPT_EXPORT_NAME).putInt(3).put(name);
    all.putInt(NbdProtocol.REQUEST_MAGIC).putInt(NbdProtocol.CMD_WRITE).putLong(1).putLong(0);
    all.putInt(1 << 20);
    for (int cut = 0; cut < all.capacity(); cut++) {
      try (NbdTestClient leaving = new NbdTestClient(server.address())) {
        leaving.sendBytes(all.duplicate().position(0).limit(cut));
      }
    }
    assertOthersAreServed();
  }

  @Test
  void handshakesThatTakeTooLongAreHungUpOn() throws IOException {
    // Enough for a handshake on a machine that does much else; for the slow one nothing is.
    NbdOptions impatient = NbdOptions.defaults().withHandshakeTimeout(Duration.ofSeconds(3));
    try (CapturedLog log = new CapturedLog();
        TestServer quick = new TestServer(new RamDevice(SIZE), impatient);
        NbdTestClient done = NbdTestClient.connect(quick.address(), true);
        NbdTestClient slow = new NbdTestClient(quick.address())) {
      slow.greet(3);
      assertThat(slow.isHungUp()).isTrue();
      assertThat(done.read(0, 512).error()).isZero();
      // The connection's thread counts when it has noticed, a moment after the client has.
      Eventually.until(() -> quick.server().counters().handshakesFailed() != 0);
      assertThat(quick.server().counters().handshakesFailed()).isOne();
      Eventually.until(() -> !log.lines(false).isEmpty());
      assertThat(log.lines(false))
          .singleElement()
          .asString()
          .contains("hung up on a client: its handshake took too long");
    }
  }
}
