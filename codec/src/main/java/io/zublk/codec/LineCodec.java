package io.zublk.codec;

import java.lang.foreign.MemorySegment;

/** Lines predicted from earlier ones: {@link LineFormat}. */
final class LineCodec implements PageCodec {

  private final CodecMemory scratch = new CodecMemory(LineScratch.BYTES, LineFormat.LINE_BYTES);

  @Override
  public int compress(
      MemorySegment source, long sourceOffset, MemorySegment target, long targetOffset, int limit) {
    long from = NativeMemory.address(source, sourceOffset, PAGE_BYTES);
    long to = NativeMemory.address(target, targetOffset, limit);
    return LineVectors.coder().encode(from, to, limit, scratch.address());
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
    return LineVectors.coder().decode(from, length, to, scratch.address());
  }

  @Override
  public void close() {
    scratch.close();
  }
}
