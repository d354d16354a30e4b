package io.zublk.codec;

import java.lang.foreign.MemorySegment;

/** The codec of {@link Algorithm#NONE}: no page shrinks, nothing was ever compressed. */
final class NoCodec implements PageCodec {

  @Override
  public int compress(
      MemorySegment source, long sourceOffset, MemorySegment target, long targetOffset, int limit) {
    return 0;
  }

  @Override
  public boolean decompress(
      MemorySegment source,
      long sourceOffset,
      int length,
      MemorySegment target,
      long targetOffset) {
    return false;
  }

  @Override
  public void close() {}
}
