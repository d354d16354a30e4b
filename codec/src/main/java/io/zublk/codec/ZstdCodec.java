package io.zublk.codec;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Zstandard frames by libzstd, without the header fields that every page would repeat. */
final class ZstdCodec implements PageCodec {

  private long compressor;
  private long decompressor;

  ZstdCodec(int level) {
    compressor = Zstd.newCompressor(level);
    decompressor = Zstd.newDecompressor();
    allocateWorkspace();
  }

  /** libzstd allocates a compressor's tables with its first page: do that before requests come. */
  private void allocateWorkspace() {
    try (Arena arena = Arena.ofConfined()) {
      compress(arena.allocate(PAGE_BYTES), 0, arena.allocate(PAGE_BYTES), 0, PAGE_BYTES);
    }
  }

  @Override
  public int compress(
      MemorySegment source, long sourceOffset, MemorySegment target, long targetOffset, int limit) {
    checkOpen();
    long from = NativeMemory.address(source, sourceOffset, PAGE_BYTES);
    long to = NativeMemory.address(target, targetOffset, limit);
    long written = Zstd.compress(compressor, from, to, limit);
    return Zstd.isError(written) ? 0 : (int) written;
  }

  @Override
  public boolean decompress(
      MemorySegment source,
      long sourceOffset,
      int length,
      MemorySegment target,
      long targetOffset) {
    checkOpen();
    long from = NativeMemory.address(source, sourceOffset, length);
    long to = NativeMemory.address(target, targetOffset, PAGE_BYTES);
    return Zstd.decompress(decompressor, from, length, to) == PAGE_BYTES;
  }

  private void checkOpen() {
    if (compressor == 0) {
      throw new IllegalStateException("the codec is closed");
    }
  }

  @Override
  public void close() {
    if (compressor != 0) {
      Zstd.freeCompressor(compressor);
      Zstd.freeDecompressor(decompressor);
      compressor = 0;
      decompressor = 0;
    }
  }
}
