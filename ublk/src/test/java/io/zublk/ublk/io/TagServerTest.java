package io.zublk.ublk.io;

import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.block.Errno;
import io.zublk.block.ThreadCounters;
import io.zublk.ublk.UblkCounter;
import io.zublk.ublk.abi.UblkAbi;
import io.zublk.uring.sys.LinuxException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TagServerTest {

  private static final int TAG = 2;
  private static final int BUFFER = TAG * Samples.MAX_IO_BYTES;

  private final FakeDevice device = new FakeDevice();
  private final ThreadCounters<UblkCounter> counters = new ThreadCounters<>(UblkCounter.class);
  private final LogLines log = new LogLines();
  private QueueMemory memory;
  private TagServer server;

  @BeforeEach
  void makeServer() throws LinuxException {
    memory = Samples.memory();
    server = new TagServer(Samples.info(), memory, device.openChannel(), counters, log.log());
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
