package io.zublk.ublk.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zublk.block.BlockChannel;
import io.zublk.block.Errno;
import io.zublk.block.ThreadCounters;
import io.zublk.ublk.UblkCounter;
import io.zublk.ublk.abi.UblkAbi;
import io.zublk.uring.sys.LinuxException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TagServerTest {

  private static final int TAG = 2;
  private static final int BUFFER = TAG * Samples.MAX_IO_BYTES;

  private static final int[] OPERATIONS = {
    UblkAbi.OP_READ,
    UblkAbi.OP_WRITE,
    UblkAbi.OP_WRITE | UblkAbi.FLAG_FUA,
    UblkAbi.OP_FLUSH,
    UblkAbi.OP_DISCARD,
    UblkAbi.OP_WRITE_ZEROES
  };

  private final FakeDevice device = new FakeDevice();
  private final ThreadCounters<UblkCounter> counters = new ThreadCounters<>(UblkCounter.class);
  private final LogLines log = new LogLines();
  private final LateRequests late = new LateRequests(Samples.DEPTH, () -> {});
  private QueueMemory memory;
  private TagServer server;
  private long ticket;

  @BeforeEach
  void makeServer() throws LinuxException {
    memory = Samples.memory();
    server = server(Samples.MAX_IO_BYTES);
  }

  private TagServer server(int maxIoBytes) {
    return new TagServer(
        Samples.info(maxIoBytes), memory, device.openChannel(late), late, counters, log.log());
  }

  @AfterEach
  void freeMemory() {
    memory.close();
    log.close();
  }

  private int serve(int opFlags, long position, long length) {
    Samples.request(memory, TAG, opFlags, position, length);
    return server.serve(TAG);
  }

  @Test
  void aReadIsAnsweredWithItsBytes() {
    assertThat(serve(UblkAbi.OP_READ, 8192, 4096)).isEqualTo(4096);
    assertThat(device.asked).containsExactly("read 8192+4096 at " + BUFFER);
    assertThat(counters.get(UblkCounter.READS)).isOne();
    assertThat(counters.get(UblkCounter.READ_BYTES)).isEqualTo(4096);
  }

  @Test
  void aWriteIsAnsweredWithItsBytes() {
    assertThat(serve(UblkAbi.OP_WRITE, 512, 1024)).isEqualTo(1024);
    assertThat(device.asked).containsExactly("write 512+1024 at " + BUFFER);
    assertThat(counters.get(UblkCounter.WRITTEN_BYTES)).isEqualTo(1024);
  }

  @Test
  void aWriteThatMustLastIsFlushed() {
    assertThat(serve(UblkAbi.OP_WRITE | UblkAbi.FLAG_FUA, 0, 4096)).isEqualTo(4096);
    assertThat(device.asked).containsExactly("write 0+4096 at " + BUFFER, "flush");
  }

  @Test
  void whatMovesNoBytesIsAnsweredWithZero() {
    assertThat(serve(UblkAbi.OP_FLUSH, 0, 0)).isZero();
    assertThat(serve(UblkAbi.OP_DISCARD, 4096, 1L << 40)).isZero();
    assertThat(serve(UblkAbi.OP_WRITE_ZEROES, 4096, 8192)).isZero();
    assertThat(serve(UblkAbi.OP_WRITE_ZEROES | UblkAbi.FLAG_NOUNMAP, 4096, 8192)).isZero();
    assertThat(device.asked)
        .containsExactly(
            "flush",
            "discard 4096+1099511627776",
            "zeroes 4096+8192 true",
            "zeroes 4096+8192 false");
  }

  @Test
  void anErrorOfTheDeviceIsTheRequestsAndNothingToLog() {
    device.answer = () -> -Errno.ENOSPC;
    assertThat(serve(UblkAbi.OP_READ, 0, 4096)).isEqualTo(-Errno.ENOSPC);
    assertThat(serve(UblkAbi.OP_WRITE, 0, 4096)).isEqualTo(-Errno.ENOSPC);
    assertThat(serve(UblkAbi.OP_FLUSH, 0, 0)).isEqualTo(-Errno.ENOSPC);
    assertThat(serve(UblkAbi.OP_DISCARD, 0, 4096)).isEqualTo(-Errno.ENOSPC);
    assertThat(serve(UblkAbi.OP_WRITE_ZEROES, 0, 4096)).isEqualTo(-Errno.ENOSPC);
    assertThat(counters.get(UblkCounter.FAILED_READS)).isOne();
    assertThat(counters.get(UblkCounter.FAILED_WRITES)).isOne();
    assertThat(counters.get(UblkCounter.FAILED_OTHERS)).isEqualTo(3);
    assertThat(counters.get(UblkCounter.READ_BYTES)).isZero();
    assertThat(log.lines).isEmpty();
  }

  @Test
  void whatTheDeviceThrowsIsEioAndInTheLogErrorsToo() {
    AssertionError fault = new AssertionError("a bug");
    device.answer =
        () -> {
          throw fault;
        };
    assertThat(serve(UblkAbi.OP_READ, 0, 4096)).isEqualTo(-Errno.EIO);
    device.answer =
        () -> {
          throw fault;
        };
    assertThat(serve(UblkAbi.OP_WRITE, 0, 4096)).isEqualTo(-Errno.EIO);
    assertThat(counters.get(UblkCounter.EXCEPTIONS)).isEqualTo(2);
    assertThat(log.lines)
        .containsExactly("/dev/ublkb7: the store threw; the request gets EIO, the device goes on");
    assertThat(log.traces).containsExactly(fault);

    device.answer = () -> 0;
    assertThat(serve(UblkAbi.OP_READ, 0, 4096)).isEqualTo(4096);
  }

  private void answerLate() {
    device.answer =
        () -> {
          ticket = device.answers().postpone();
          return BlockChannel.LATE;
        };
  }

  /** Answers the late request, and goes on with it. */
  private int answered(int result) {
    device.answers().answer(ticket, result);
    return goOn();
  }

  private int goOn() {
    List<Integer> results = new ArrayList<>();
    late.takeAll((tag, answer) -> results.add(server.goOn(tag, answer)));
    assertThat(results).hasSize(1);
    return results.getFirst();
  }

  @Test
  void whatIsLateCountsWhenItIsAnswered() {
    answerLate();
    assertThat(serve(UblkAbi.OP_READ, 8192, 4096)).isEqualTo(TagServer.LATE);
    assertThat(counters.get(UblkCounter.READ_BYTES)).isZero();
    assertThat(answered(0)).isEqualTo(4096);
    assertThat(counters.get(UblkCounter.READ_BYTES)).isEqualTo(4096);
    assertThat(serve(UblkAbi.OP_WRITE, 0, 512)).isEqualTo(TagServer.LATE);
    assertThat(answered(0)).isEqualTo(512);
    assertThat(counters.get(UblkCounter.WRITTEN_BYTES)).isEqualTo(512);
    assertThat(serve(UblkAbi.OP_DISCARD, 0, 4096)).isEqualTo(TagServer.LATE);
    assertThat(answered(0)).isZero();
    assertThat(log.lines).isEmpty();
  }

  @Test
  void anErrorThatIsLateIsOneToo() {
    answerLate();
    assertThat(serve(UblkAbi.OP_READ, 0, 4096)).isEqualTo(TagServer.LATE);
    assertThat(answered(-Errno.ENOSPC)).isEqualTo(-Errno.ENOSPC);
    assertThat(serve(UblkAbi.OP_WRITE | UblkAbi.FLAG_FUA, 0, 4096)).isEqualTo(TagServer.LATE);
    assertThat(answered(-Errno.EIO)).isEqualTo(-Errno.EIO);
    assertThat(serve(UblkAbi.OP_FLUSH, 0, 0)).isEqualTo(TagServer.LATE);
    assertThat(answered(-Errno.EIO)).isEqualTo(-Errno.EIO);
    assertThat(counters.get(UblkCounter.FAILED_READS)).isOne();
    assertThat(counters.get(UblkCounter.FAILED_WRITES)).isOne();
    assertThat(counters.get(UblkCounter.FAILED_OTHERS)).isOne();
  }

  @Test
  void aWriteThatMustLastIsFlushedOnceThoughBothAreLate() {
    answerLate();
    for (int i = 1; i <= 2; i++) {
      assertThat(serve(UblkAbi.OP_WRITE | UblkAbi.FLAG_FUA, 0, 4096)).isEqualTo(TagServer.LATE);
      assertThat(device.asked).hasSize(2 * i - 1);
      assertThat(answered(0)).isEqualTo(TagServer.LATE);
      assertThat(device.asked).hasSize(2 * i).endsWith("flush");
      assertThat(answered(0)).isEqualTo(4096);
      assertThat(device.asked).hasSize(2 * i);
    }
    assertThat(counters.get(UblkCounter.WRITTEN_BYTES)).isEqualTo(8192);
  }

  @Test
  void aLateWriteIsFlushedAtOnceIfThatCanBe() {
    answerLate();
    assertThat(serve(UblkAbi.OP_WRITE | UblkAbi.FLAG_FUA, 0, 4096)).isEqualTo(TagServer.LATE);
    device.answer = () -> 0;
    assertThat(answered(0)).isEqualTo(4096);
    assertThat(device.asked).containsExactly("write 0+4096 at " + BUFFER, "flush");
  }

  @Test
  void whatIsThrownAfterPostponingIsEioAndTheTicketVoid() {
    device.answer =
        () -> {
          ticket = device.answers().postpone();
          throw new IllegalStateException("a bug");
        };
    assertThat(serve(UblkAbi.OP_READ, 0, 4096)).isEqualTo(-Errno.EIO);
    assertThat(late.any()).isFalse();
    assertThatThrownBy(() -> device.answers().answer(ticket, 0))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void whatIsThrownAfterTheAnswerDoesNotAnswerTwice() {
    device.answer =
        () -> {
          device.answers().answer(device.answers().postpone(), -Errno.ENOSPC);
          throw new IllegalStateException("a bug");
        };
    assertThat(serve(UblkAbi.OP_READ, 0, 4096)).isEqualTo(TagServer.LATE);
    assertThat(goOn()).isEqualTo(-Errno.ENOSPC);
  }

  /** Has the device take a ticket, and say something else than that it is late. */
  private void postponeAndSay(int error) {
    device.answer =
        () -> {
          ticket = device.answers().postpone();
          return error;
        };
  }

  private void assertTicketVoid() {
    assertThat(late.any()).isFalse();
    assertThatThrownBy(() -> device.answers().answer(ticket, 0))
        .isInstanceOf(IllegalStateException.class);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -Errno.ENOSPC})
  void whatIsNotLateAfterPostponingIsEioAndTheTicketVoid(int error) {
    postponeAndSay(error);
    for (int operation : OPERATIONS) {
      assertThat(serve(operation, 0, 4096)).isEqualTo(-Errno.EIO);
      assertTicketVoid();
    }
    assertThat(counters.get(UblkCounter.EXCEPTIONS)).isEqualTo(OPERATIONS.length);
    assertThat(counters.get(UblkCounter.READ_BYTES)).isZero();
    assertThat(counters.get(UblkCounter.WRITTEN_BYTES)).isZero();
    assertThat(log.traces).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -Errno.ENOSPC})
  void soIsAFlushAfterALateWrite(int error) {
    answerLate();
    assertThat(serve(UblkAbi.OP_WRITE | UblkAbi.FLAG_FUA, 0, 4096)).isEqualTo(TagServer.LATE);
    long write = ticket;
    postponeAndSay(error);
    device.answers().answer(write, 0);
    assertThat(goOn()).isEqualTo(-Errno.EIO);
    assertTicketVoid();
  }

  @Test
  void whatIsAnsweredBeforeItIsSaidNotToBeLateIsAnsweredOnce() {
    device.answer =
        () -> {
          device.answers().answer(device.answers().postpone(), 0);
          return 0;
        };
    assertThat(serve(UblkAbi.OP_READ, 0, 4096)).isEqualTo(TagServer.LATE);
    assertThat(goOn()).isEqualTo(4096);
    assertThat(late.any()).isFalse();
    assertThat(counters.get(UblkCounter.READ_BYTES)).isEqualTo(4096);
  }

  @Test
  void lateWithoutATicketIsAFaultOfTheDevice() {
    device.answer = () -> BlockChannel.LATE;
    assertThat(serve(UblkAbi.OP_READ, 0, 4096)).isEqualTo(-Errno.EIO);
    assertThat(log.traces).hasSize(1);
  }

  @Test
  void aWriteIsFlushedThoughTheFlushBeforeItWasFaulty() {
    int write = UblkAbi.OP_WRITE | UblkAbi.FLAG_FUA;
    device.answer = () -> device.asked.getLast().equals("flush") ? BlockChannel.LATE : 0;
    assertThat(serve(write, 0, 4096)).isEqualTo(-Errno.EIO);
    answerLate();
    assertThat(serve(write, 0, 4096)).isEqualTo(TagServer.LATE);
    assertThat(answered(0)).isEqualTo(TagServer.LATE);
    assertThat(device.asked).hasSize(4).endsWith("flush");
    assertThat(answered(0)).isEqualTo(4096);
  }

  @Test
  void buffersShrinkOnceNoRequestIsLate() throws LinuxException {
    int large = QueueMemory.KEPT_BYTES + 4096;
    memory.close();
    memory = Samples.memory(2 * QueueMemory.KEPT_BYTES);
    server = server(2 * QueueMemory.KEPT_BYTES);
    assertThat(server.canShrinkBuffers()).isFalse();
    answerLate();
    assertThat(serve(UblkAbi.OP_READ, 0, large)).isEqualTo(TagServer.LATE);
    assertThat(server.canShrinkBuffers()).isFalse();
    assertThat(answered(0)).isEqualTo(large);
    assertThat(server.canShrinkBuffers()).isTrue();
    assertThat(memory.heldBytes()).isEqualTo(large);
    server.shrinkBuffers(new TagRange(0, 1, Samples.DEPTH));
    assertThat(memory.heldBytes()).isEqualTo(QueueMemory.KEPT_BYTES);
    assertThat(server.canShrinkBuffers()).isFalse();
  }

  @Test
  void aRequestLargerThanABufferIsRefused() {
    long tooMuch = Samples.MAX_IO_BYTES + 512L;
    assertThat(serve(UblkAbi.OP_READ, 0, tooMuch)).isEqualTo(-Errno.EINVAL);
    assertThat(serve(UblkAbi.OP_WRITE, 0, tooMuch)).isEqualTo(-Errno.EINVAL);
    assertThat(serve(UblkAbi.OP_READ, 0, 0xffff_ffffL << 9)).isEqualTo(-Errno.EINVAL);
    assertThat(device.asked).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 10, 15, 255})
  void anUnknownOperationIsRefused(int operation) {
    assertThat(serve(operation, 0, 4096)).isEqualTo(-Errno.EOPNOTSUPP);
    assertThat(device.asked).isEmpty();
    assertThat(counters.get(UblkCounter.FAILED_OTHERS)).isOne();
  }
}
