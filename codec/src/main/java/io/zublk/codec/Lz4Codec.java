package io.zublk.codec;

import java.lang.foreign.MemorySegment;

/** LZ4 blocks by liblz4. The hash table of the compressor is kept from page to page. */
final class Lz4Codec implements PageCodec {

  private final CodecMemory state = new CodecMemory(Lz4.STATE_BYTES, Lz4.STATE_ALIGNMENT);

  @Override
  public int compress(
      MemorySegment source, long sourceOffset, MemorySegment target, long targetOffset, int limit) {
    long from = NativeMemory.address(source, sourceOffset, PAGE_BYTES);
    long to = NativeMemory.address(target, targetOffset, limit);
    return Lz4.compress(state.address(), from, to, limit);
  }

  @Override
  public boolean decompress(
      MemorySegment source,
      long sourceOffset,
      int length,
      MemorySegment target,
      long targetOffset) {
    long _ = state.address(); // is it open?
    long from = NativeMemory.address(source, sourceOffset, length);
    long to = NativeMemory.address(target, targetOffset, PAGE_BYTES);
    return Lz4.decompress(from, length, to) == PAGE_BYTES;
  }

  @Override
  public void close() {
    state.close();
  }
}
