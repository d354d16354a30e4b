package io.zublk.bench;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zublk.block.Errno;
import io.zublk.daemon.UserException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ContentsTest {

  private static final int BYTES = 3 << 20;

  private final Arena arena = Arena.ofConfined();
  private final MemorySegment data = arena.allocate(BYTES, 8);
  private final MemorySegment disk = arena.allocate(BYTES, 8);

  @BeforeEach
  void fill() throws IOException {
    DataSet.W4.writeTo(data, BYTES);
    Contents.fill(new Ram(), data);
  }

  @AfterEach
  void free() {
    arena.close();
  }

  @Test
  void whatWasWrittenIsFoundRight() {
    assertThatCode(() -> Contents.verify(new Ram(), data)).doesNotThrowAnyException();
  }

  @Test
  void oneWrongByteIsFoundAndNamed() {
    long at = (1 << 20) + 5 * 4096 + 17;
    disk.set(ValueLayout.JAVA_BYTE, at, (byte) ~disk.get(ValueLayout.JAVA_BYTE, at));
    assertThatThrownBy(() -> Contents.verify(new Ram(), data))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("wrong data")
        .hasMessageContaining("page " + (256 + 5))
        .hasMessageContaining("byte 17");
  }

  @Test
  void errorsOfTheDeviceAreNamed() {
    MemorySegment longer = arena.allocate(BYTES + 4096);
    longer.copyFrom(data);
    assertThatThrownBy(() -> Contents.verify(new Ram(), longer))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("EIO");
  }

  /** A disk that is a segment. */
  private final class Ram implements Target, Lane {

    @Override
    public String name() {
      return "ram";
    }

    @Override
    public long sizeBytes() {
      return BYTES;
    }

    @Override
    public Lane openLane() {
      return this;
    }

    @Override
    public int read(long position, MemorySegment buffer, long offset, int length) {
      if (position + length > BYTES) {
        return -Errno.EIO;
      }
      MemorySegment.copy(disk, position, buffer, offset, length);
      return 0;
    }

    @Override
    public int write(long position, MemorySegment buffer, long offset, int length) {
      MemorySegment.copy(buffer, offset, disk, position, length);
      return 0;
    }

    @Override
    public void close() {}
  }
}
