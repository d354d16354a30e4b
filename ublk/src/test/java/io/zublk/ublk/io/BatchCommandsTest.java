package io.zublk.ublk.io;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zublk.block.BlockChannel;
import io.zublk.block.ThreadCounters;
import io.zublk.ublk.UblkCounter;
import io.zublk.ublk.abi.UblkAbi;
import io.zublk.uring.Ring;
import io.zublk.uring.Sqe;
import io.zublk.uring.SubmissionQueue;
import io.zublk.uring.sys.Errnos;
import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.LinuxFile;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A pipe takes the driver's part: what is written to it comes as tags in a buffer. */
class BatchCommandsTest {

  private static final int QUEUE = 5;
  private static final long FETCHING = 0;
  private static final TagRange TAGS = new TagRange(0, 1, Samples.DEPTH);

  @TempDir private Path directory;
  private final FakeDevice device = new FakeDevice();
  private final ThreadCounters<UblkCounter> counters = new ThreadCounters<>(UblkCounter.class);
  private final LateRequests late = new LateRequests(Samples.DEPTH, () -> {});
  private QueueMemory memory;
  private Ring ring;
  private BatchCommands commands;
  private RandomAccessFile driver;
  private LinuxFile tags;

  @BeforeEach
  void makeCommands() throws Exception {
    memory = Samples.memory();
    ring = Ring.open(BatchCommands.ring());
    TagServer server =
        new TagServer(Samples.info(), memory, device.openChannel(late), late, counters, Queues.LOG);
    commands = new BatchCommands(QUEUE, TAGS, memory, server, new QueueRing(ring, false, counters));
    Path fifo = directory.resolve("fifo");
    assertThat(new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor()).isZero();
    driver = new RandomAccessFile(fifo.toFile(), "rw");
    tags = LinuxFile.open(fifo, LinuxFile.O_RDONLY, 0);
  }

  @AfterEach
  void closeAll() throws Exception {
    ring.close();
    commands.close();
    tags.close();
    driver.close();
    memory.close();
  }

  private void bring(int... numbers) throws Exception {
    byte[] bytes = new byte[numbers.length * Short.BYTES];
    for (int i = 0; i < numbers.length; i++) {
      MemorySegment.ofArray(bytes)
          .setAtIndex(JAVA_SHORT.withByteAlignment(1), i, (short) numbers[i]);
    }
    bringBytes(bytes);
  }

  private void bringBytes(byte[] bytes) throws Exception {
    SubmissionQueue submissions = ring.submissions();
    Sqe.readMultishot(submissions.memory(), submissions.next(), 0, tags.fd(), 0, FETCHING);
    driver.write(bytes);
    ring.submitAndWait(1);
    assertThat(ring.completions().result(0)).isEqualTo(bytes.length);
  }

  /** What the last entry in the ring has: command, elements, their bytes. */
  private MemorySegment assertEntry(int command, int elements) {
    long at = 0;
    MemorySegment entries = ring.submissions().memory();
    while (entries.get(JAVA_INT, at + 8) != command) {
      at += 64;
    }
    int bytes = elements * UblkAbi.ELEMENT_BYTES;
    assertThat(entries.get(JAVA_INT, at + 24)).isEqualTo(bytes);
    assertThat(entries.get(JAVA_LONG, at + 32)).isEqualTo(bytes);
    assertThat(entries.get(JAVA_LONG, at + 48))
        .isEqualTo(UblkAbi.batchCommand(QUEUE, UblkAbi.BATCH_HAS_ADDRESS, elements, 16));
    return MemorySegment.ofAddress(entries.get(JAVA_LONG, at + 16)).reinterpret(bytes);
  }

  private void assertElement(MemorySegment elements, int index, int tag, int result) {
    long at = (long) index * UblkAbi.ELEMENT_BYTES;
    assertThat(elements.get(JAVA_LONG, at)).isEqualTo(UblkAbi.element(tag, result));
    assertThat(elements.get(JAVA_LONG, at + 8)).isEqualTo(memory.address(tag));
  }

  @Test
  void allTagsAreLentWithOneCommand() throws LinuxException {
    assertThat(commands.lendAllButOne()).isZero();
    assertThat(commands.lendLast()).isOne();
    MemorySegment elements = assertEntry(UblkAbi.PREP_IO_CMDS, Samples.DEPTH);
    for (int tag = 0; tag < Samples.DEPTH; tag++) {
      assertElement(elements, tag, tag, 0);
    }
  }

  @Test
  void theResultsOfABatchGoBackWithOneCommand() throws Exception {
    Samples.request(memory, 3, UblkAbi.OP_READ, 0, 4096);
    Samples.request(memory, 1, UblkAbi.OP_WRITE, 4096, 512);
    bring(3, 1);
    assertThat(commands.commit()).isZero();
    commands.take(0);
    assertThat(device.asked)
        .containsExactly(
            "read 0+4096 at " + memory.offset(3), "write 4096+512 at " + memory.offset(1));
    assertThat(commands.commit()).isOne();
    MemorySegment elements = assertEntry(UblkAbi.COMMIT_IO_CMDS, 2);
    assertElement(elements, 0, 3, 4096);
    assertElement(elements, 1, 1, 512);
    assertThat(commands.commit()).isZero();
  }

  @Test
  void aLateRequestIsAnsweredInALaterBatch() throws Exception {
    device.answer =
        () -> {
          long _ = device.answers().postpone();
          return BlockChannel.LATE;
        };
    Samples.request(memory, 1, UblkAbi.OP_READ, 0, 4096);
    bring(1);
    commands.take(0);
    assertThat(commands.commit()).isZero();
    commands.answer(1, TagServer.LATE);
    assertThat(commands.commit()).isZero();
    commands.answer(1, 4096);
    assertThat(commands.commit()).isOne();
    assertElement(assertEntry(UblkAbi.COMMIT_IO_CMDS, 1), 0, 1, 4096);
  }

  @Test
  void buffersAreUsedAgain() throws Exception {
    Samples.request(memory, 2, UblkAbi.OP_FLUSH, 0, 0);
    SubmissionQueue submissions = ring.submissions();
    Sqe.readMultishot(submissions.memory(), submissions.next(), 0, tags.fd(), 0, FETCHING);
    for (int i = 0; i < 100; i++) {
      driver.write(new byte[] {2, 0});
      ring.submitAndWait(1);
      assertThat(ring.completions().more(0)).isTrue();
      commands.take(0);
      ring.completions().advance(1);
      commands.commit();
      ring.submissions().retract();
    }
    assertThat(device.asked).hasSize(100);
  }

  @Test
  void aTagThatTheQueueDoesNotHaveIsAFailureOfTheThread() throws Exception {
    bring(0xffff);
    assertThatThrownBy(() -> commands.take(0)).hasMessageContaining("a tag of nobody");
    assertThat(device.asked).isEmpty();
  }

  @Test
  void halfATagIsAFailureOfTheThread() throws Exception {
    bringBytes(new byte[3]);
    assertThatThrownBy(() -> commands.take(0)).hasMessageContaining("unexpected 3");
    assertThat(device.asked).isEmpty();
  }

  @Test
  void tagsWithoutABufferAreAFailureOfTheThread() {
    Samples.complete(ring, FETCHING, 2);
    assertThatThrownBy(() -> commands.take(0)).hasMessageContaining("buffer -1");
  }

  @Test
  void withoutABufferLeftItFetchesAgain() throws LinuxException {
    Samples.complete(ring, FETCHING, -Errnos.ENOBUFS);
    commands.take(0);
    assertThat(commands.ended()).isFalse();
    assertThat(ring.submissions().pending()).isOne();
  }

  @Test
  void whenTheDriverTakesAllTagsBackTheEndHasCome() throws LinuxException {
    Samples.complete(ring, FETCHING, UblkAbi.RESULT_ABORTED);
    commands.take(0);
    assertThat(commands.ended()).isTrue();
    assertThat(ring.submissions().pending()).isZero();
  }

  @Test
  void aRefusedFetchIsAFailureOfTheThread() {
    Samples.complete(ring, FETCHING, -Errnos.EINVAL);
    assertThatThrownBy(() -> commands.take(0)).hasMessageContaining("EINVAL");
  }

  @Test
  void resultsThatTheDriverDidNotTakeAreAFailureOfTheThread() throws LinuxException {
    long twoElements = 2L * UblkAbi.ELEMENT_BYTES;
    Samples.complete(ring, twoElements, (int) twoElements);
    commands.take(0);
    for (int answer : new int[] {0, UblkAbi.ELEMENT_BYTES, -Errnos.EBUSY}) {
      Samples.complete(ring, twoElements, answer);
      assertThatThrownBy(() -> commands.take(0))
          .isInstanceOf(LinuxException.class)
          .hasMessageContaining("COMMIT_IO_CMDS of 32 bytes");
    }
  }
}
