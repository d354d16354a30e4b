package io.zublk.uring;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zublk.uring.sys.Errnos;
import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.LinuxFile;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BufferRingTest {

  @TempDir Path directory;

  @Test
  void oneSubmissionFillsBufferAfterBufferAndEndsWhenThereIsNone() throws Exception {
    Path fifo = directory.resolve("fifo");
    assertThat(new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor()).isZero();
    Ring ring = Ring.open(RingOptions.forThisThread(8));
    BufferRing buffers = BufferRing.open(ring, 3, 4, 64);
    try (RandomAccessFile writer = new RandomAccessFile(fifo.toFile(), "rw");
        LinuxFile reader = LinuxFile.open(fifo, LinuxFile.O_RDONLY, 0)) {
      start(ring, reader);
      CompletionQueue completions = ring.completions();
      for (int i = 0; i < 100; i++) {
        writer.writeInt(Integer.reverseBytes(i));
        ring.submitAndWait(1);
        assertThat(completions.ready()).isEqualTo(1);
        assertThat(completions.result(0)).isEqualTo(4);
        assertThat(completions.more(0)).isTrue();
        int buffer = completions.buffer(0);
        assertThat(buffers.memory().get(JAVA_INT, buffers.offset(buffer))).isEqualTo(i);
        completions.advance(1);
        buffers.recycle(buffer);
      }
      exhaust(ring, writer);
      assertThat(completions.result(0)).isEqualTo(-Errnos.ENOBUFS);
      assertThat(completions.more(0)).isFalse();
      assertThat(completions.buffer(0)).isEqualTo(CompletionQueue.NO_BUFFER);
    } finally {
      ring.close();
      buffers.close();
    }
  }

  // Each of the four buffers takes one write; the fifth finds none.
  private static void exhaust(Ring ring, RandomAccessFile writer) throws Exception {
    for (int i = 0; i < 4; i++) {
      writer.writeInt(i);
      ring.submitAndWait(1);
      assertThat(ring.completions().result(0)).isEqualTo(4);
      ring.completions().advance(1);
    }
    writer.writeInt(4);
    ring.submitAndWait(1);
  }

  private static void start(Ring ring, LinuxFile reader) {
    SubmissionQueue queue = ring.submissions();
    Sqe.readMultishot(queue.memory(), queue.next(), 0, reader.fd(), 3, 7);
  }

  @Test
  void aWaitEndsWhenItsTimeIsOver() throws LinuxException {
    try (Ring ring = Ring.open(RingOptions.forThisThread(4))) {
      assertThat(ring.submitAndWait(1, 1_000_000)).isEqualTo(-Errnos.ETIME);
      assertThat(ring.completions().ready()).isZero();
      assertThat(ring.workPending()).isFalse();
    }
  }

  @Test
  void countsThatAreNoPowerOfTwoAreRefused() throws LinuxException {
    try (Ring ring = Ring.open(RingOptions.forThisThread(4))) {
      assertThatThrownBy(() -> BufferRing.open(ring, 0, 3, 64)).hasMessageContaining("3 buffers");
    }
  }
}
