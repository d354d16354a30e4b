package io.zublk.store.page;

import io.zublk.codec.Algorithm;
import io.zublk.codec.CodecSpec;
import io.zublk.codec.PageCodec;
import io.zublk.store.table.PageEntry;
import java.lang.foreign.MemorySegment;

/**
 * The codecs of one thread, by the kind of the entries whose objects they read: the device's own,
 * and of every other kind one that is opened when the first such page is read. Opening takes native
 * memory, and the time for it, once a kind and thread; not once a request, and never in a store
 * whose pages are all of the device's codec.
 */
final class Codecs implements AutoCloseable {

  private final PageCodec own;
  private final int ownKind;

  // Null until they are needed; the device's own is one of them, or neither.
  private PageCodec lz4;
  private PageCodec zstd;
  private PageCodec line;

  /**
   * Opens the device's codec.
   *
   * @throws UnsupportedOperationException if this machine cannot run it
   */
  Codecs(CodecSpec device) {
    own = device.newCodec();
    switch (device.algorithm()) {
      case NONE -> ownKind = PageEntry.RAW;
      case LZ4 -> {
        ownKind = PageEntry.LZ4;
        lz4 = own;
      }
      case ZSTD -> {
        ownKind = PageEntry.ZSTD;
        zstd = own;
      }
      case LINE -> {
        ownKind = PageEntry.LINE;
        line = own;
      }
      default -> throw new AssertionError(device);
    }
  }

  /** What packs pages as the device's options say. */
  Packing packing() {
    return new Packing(ownKind, own);
  }

  /**
   * Decompresses {@code length} bytes of an object to one page. False if they are none, are of no
   * kind that is compressed, or of one that this machine has no codec for.
   */
  boolean decompress(
      int kind, MemorySegment source, long at, int length, MemorySegment target, long offset) {
    // Each codec has a call of its own, at which the compiler then sees but one class.
    return switch (kind) {
      case PageEntry.LZ4 -> lz4().decompress(source, at, length, target, offset);
      case PageEntry.ZSTD -> zstd().decompress(source, at, length, target, offset);
      case PageEntry.LINE -> line().decompress(source, at, length, target, offset);
      default -> false;
    };
  }

  private PageCodec lz4() {
    if (lz4 == null) {
      lz4 = openToRead(CodecSpec.of(Algorithm.LZ4));
    }
    return lz4;
  }

  private PageCodec zstd() {
    if (zstd == null) {
      // Any level reads what any other wrote; a low one takes a little less memory.
      zstd = openToRead(new CodecSpec(Algorithm.ZSTD, CodecSpec.MIN_ZSTD_LEVEL));
    }
    return zstd;
  }

  private PageCodec line() {
    if (line == null) {
      line = openToRead(CodecSpec.of(Algorithm.LINE));
    }
    return line;
  }

  /** A request is no place for an exception: without the library the pages are unreadable. */
  private static PageCodec openToRead(CodecSpec spec) {
    boolean isUsable = spec.unusable().isEmpty();
    return (isUsable ? spec : CodecSpec.of(Algorithm.NONE)).newCodec();
  }

  @Override
  public void close() {
    own.close();
    if (lz4 != null) {
      lz4.close();
    }
    if (zstd != null) {
      zstd.close();
    }
    if (line != null) {
      line.close();
    }
  }
}
