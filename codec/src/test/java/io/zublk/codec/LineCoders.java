package io.zublk.codec;

import static io.zublk.codec.PageCodec.PAGE_BYTES;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;

/**
 * The coders that this machine can run, side by side: whatever they are given, they do the same.
 * What they read and write lies where the process's memory ends.
 */
final class LineCoders implements AutoCloseable {

  private static final byte CANARY = (byte) 0xA5;

  private final List<LineCoder> coders = all();
  private final GuardedMemory source = new GuardedMemory();
  private final GuardedMemory target = new GuardedMemory();
  private final MemorySegment scratch = Arena.ofAuto().allocate(LineScratch.BYTES, 64);

  static List<LineCoder> all() {
    return LineVectors.unusable().isEmpty()
        ? List.of(new ScalarLines(), new VectorLines())
        : List.of(new ScalarLines());
  }

  /** The object of a page; empty if there is none. */
  byte[] encode(byte[] page, int limit) {
    long from = address(source) - page.length;
    source.putLast(page);
    byte[] first = null;
    for (LineCoder coder : coders) {
      MemorySegment object = emptyTarget(limit);
      int length = coder.encode(from, object.address(), limit, scratch.address());
      assertThat(length).isBetween(0, limit);
      assertCanary(limit);
      byte[] bytes = object.asSlice(0, length).toArray(JAVA_BYTE);
      first = first == null ? bytes : first;
      assertThat(bytes).isEqualTo(first);
    }
    return first;
  }

  /** The page of an object; null if it is refused. */
  byte[] decode(byte[] object) {
    long from = address(source) - object.length;
    source.putLast(object);
    byte[] first = null;
    boolean isFirst = true;
    for (LineCoder coder : coders) {
      MemorySegment page = emptyTarget(PAGE_BYTES);
      boolean isPage = coder.decode(from, object.length, page.address(), scratch.address());
      assertCanary(PAGE_BYTES);
      byte[] bytes = isPage ? page.toArray(JAVA_BYTE) : null;
      first = isFirst ? bytes : first;
      isFirst = false;
      if (!Arrays.equals(bytes, first)) { // an assertion costs more than a page
        assertThat(bytes).isEqualTo(first);
      }
    }
    return first;
  }

  private MemorySegment emptyTarget(int bytes) {
    MemorySegment around = target.segment().asSlice(GuardedMemory.BYTES - bytes - 64);
    around.fill(CANARY);
    return around.asSlice(64);
  }

  private void assertCanary(int bytes) {
    MemorySegment before = target.segment().asSlice(GuardedMemory.BYTES - bytes - 64, 64);
    for (int i = 0; i < 64; i++) {
      if (before.get(JAVA_BYTE, i) != CANARY) {
        throw new AssertionError("a byte before the target was written");
      }
    }
  }

  private static long address(GuardedMemory memory) {
    return memory.segment().address() + GuardedMemory.BYTES;
  }

  @Override
  public void close() {
    source.close();
    target.close();
  }
}
