package io.zublk.ublk.io;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zublk.block.BlockChannel;
import io.zublk.block.Errno;
import io.zublk.block.ThreadCounters;
import io.zublk.ublk.UblkCounter;
import io.zublk.ublk.abi.UblkAbi;
import io.zublk.uring.Ring;
import io.zublk.uring.sys.Errnos;
import io.zublk.uring.sys.LinuxException;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is put into the ring, and what is made of what the driver answers. */
class TagCommandsTest {

  private static final int QUEUE = 5;

  /** The second of two threads: tags 1 and 3. */
  private static final TagRange TAGS = new TagRange(1, 2, Samples.DEPTH);

  private final FakeDevice device = new FakeDevice();
  private final ThreadCounters<UblkCounter> counters = new ThreadCounters<>(UblkCounter.class);
  private final LateRequests late = new LateRequests(Samples.DEPTH, () -> {});
  private QueueMemory memory;
  private Ring ring;
  private TagCommands commands;

  @BeforeEach
  void makeCommands() throws LinuxException {
    memory = Samples.memory();
    ring = Ring.open(TagCommands.ringFor(TAGS));
    TagServer server =
        new TagServer(Samples.info(), memory, device.openChannel(late), late, counters, Queues.LOG);
    commands = new TagCommands(QUEUE, TAGS, memory, server, new QueueRing(ring, true, counters));
  }

  @AfterEach
  void closeAll() throws LinuxException {
    ring.close();
    commands.close();
    memory.close();
  }

  /** What {@code struct ublksrv_io_cmd} the entry has: queue, tag, result, buffer. */
  private void assertEntry(long at, int command, int tag, int result) {
    MemorySegment entries = ring.submissions().memory();
    assertThat(entries.get(JAVA_INT, at + 8)).isEqualTo(command);
    assertThat(entries.get(JAVA_LONG, at + 32)).isEqualTo(tag);
    assertThat(entries.get(JAVA_INT, at + 48)).isEqualTo(QUEUE | tag << 16);
    assertThat(entries.get(JAVA_INT, at + 52)).isEqualTo(result);
    assertThat(entries.get(JAVA_LONG, at + 56)).isEqualTo(memory.address(tag));
  }

  private void lend() throws LinuxException {
    commands.lendAllButOne();
    commands.lendLast();
  }

  @Test
  void itsOwnTagsAreLentAndNoOthers() throws LinuxException {
    assertThat(commands.lendAllButOne()).isZero();
    assertThat(ring.submissions().pending()).isOne();
    assertThat(commands.lendLast()).isZero();
    assertThat(ring.submissions().pending()).isEqualTo(2);
    assertEntry(0, UblkAbi.FETCH_REQ, 1, 0);
    assertEntry(64, UblkAbi.FETCH_REQ, 3, 0);
    assertThat(commands.ended()).isFalse();
  }

  @Test
  void allResultsAndTheBellHaveRoomInTheRing() throws LinuxException {
    assertThat(Integer.bitCount(TAGS.count())).isOne(); // the kernel rounds others up
    commands.answer(1, 0);
    commands.answer(3, 0);
    try (Bell bell = Bell.open()) {
      bell.listen(new QueueRing(ring, true, counters));
    }
    assertThat(counters.get(UblkCounter.ENTERS)).isZero();
    assertThat(ring.submissions().pending()).isEqualTo(3);
  }

  @Test
  void aRequestIsServedAndItsResultReturned() throws LinuxException {
    Samples.request(memory, 3, UblkAbi.OP_READ, 4096, 8192);
    Samples.complete(ring, 3, 0);
    commands.take(0);
    assertThat(device.asked).containsExactly("read 4096+8192 at " + memory.offset(3));
    // The first entry was the completion's.
    assertEntry(64, UblkAbi.COMMIT_AND_FETCH_REQ, 3, 8192);
  }

  @Test
  void anErrorIsReturnedAsSuch() throws LinuxException {
    device.answer = () -> -Errno.EIO;
    Samples.request(memory, 1, UblkAbi.OP_WRITE, 0, 4096);
    Samples.complete(ring, 1, 0);
    commands.take(0);
    assertEntry(64, UblkAbi.COMMIT_AND_FETCH_REQ, 1, -Errno.EIO);
  }

  @Test
  void aLateRequestIsAnsweredWhenItsResultIsThere() throws LinuxException {
    lend();
    device.answer =
        () -> {
          long _ = device.answers().postpone();
          return BlockChannel.LATE;
        };
    Samples.request(memory, 3, UblkAbi.OP_READ, 0, 4096);
    Samples.complete(ring, 3, 0);
    commands.take(0);
    assertThat(ring.submissions().pending()).isZero();
    commands.answer(3, TagServer.LATE);
    assertThat(ring.submissions().pending()).isZero();
    commands.answer(3, 4096);
    assertThat(ring.submissions().pending()).isOne();
    assertEntry(64, UblkAbi.COMMIT_AND_FETCH_REQ, 3, 4096);
  }

  @Test
  void whenTheDriverHasTakenAllTagsBackTheEndHasCome() throws LinuxException {
    lend();
    Samples.complete(ring, 1, UblkAbi.RESULT_ABORTED);
    commands.take(0);
    assertThat(commands.ended()).isFalse();
    Samples.complete(ring, 3, UblkAbi.RESULT_ABORTED);
    commands.take(0);
    assertThat(commands.ended()).isTrue();
    assertThat(device.asked).isEmpty();
  }

  @Test
  void aRefusalIsAFailureOfTheThread() {
    Samples.complete(ring, 1, -Errnos.EINVAL);
    assertThatThrownBy(() -> commands.take(0))
        .isInstanceOf(LinuxException.class)
        .hasMessageContaining("tag 1")
        .hasMessageContaining("EINVAL");
  }

  @Test
  void anAnswerThatWasNotAskedForIsAFailureOfTheThread() {
    // UBLK_IO_RES_NEED_GET_DATA: the buffer has no data, serving it would write garbage.
    Samples.complete(ring, 1, 1);
    assertThatThrownBy(() -> commands.take(0)).hasMessageContaining("tag 1: unexpected 1");
    assertThat(device.asked).isEmpty();
  }

  @Test
  void aTagOfAnotherThreadIsAFailureOfTheThread() {
    for (long tag : new long[] {0, 2, Samples.DEPTH + 1}) {
      Samples.complete(ring, tag, 0);
      assertThatThrownBy(() -> commands.take(0)).hasMessageContaining("a tag of nobody");
    }
    assertThat(device.asked).isEmpty();
  }
}
