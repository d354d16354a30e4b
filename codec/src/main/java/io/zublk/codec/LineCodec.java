package io.zublk.codec;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Lines predicted from earlier ones: {@link LineFormat}. */
final class LineCodec implements PageCodec {

  private final Arena arena = Arena.ofShared();
  private long scratch = arena.allocate(LineScratch.BYTES, LineFormat.LINE_BYTES).address();

  @Override
  public int compress(
      MemorySegment source, long sourceOffset, MemorySegment target, long targetOffset, int limit) {
    long from = NativeMemory.address(source, sourceOffset, PAGE_BYTES);
    long to = NativeMemory.address(target, targetOffset, limit);
    return LineVectors.coder().encode(from, to, limit, openScratch());
  }

  @Override
  public boolean decompress(
      MemorySegment source,
      long sourceOffset,
      int length,
      MemorySegment target,
      long targetOffset) {
    long from = NativeMemory.address(source, sourceOffset, length);
    long to = NativeMemory.address(target, targetOffset, PAGE_BYTES);
    return LineVectors.coder().decode(from, length, to, openScratch());
  }

  private long openScratch() {
    if (scratch == 0) {
      throw new IllegalStateException("the codec is closed");
    }
    return scratch;
  }

  @Override
  public void close() {
    if (scratch != 0) {
      scratch = 0;
      arena.close();
    }
  }
}
