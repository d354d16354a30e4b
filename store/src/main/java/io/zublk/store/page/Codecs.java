package io.zublk.store.page;

import io.zublk.codec.Algorithm;
import io.zublk.codec.CodecSpec;
import io.zublk.codec.LineVectors;
import io.zublk.codec.PackingSpec;
import io.zublk.codec.PageCodec;
import io.zublk.store.table.PageEntry;
import java.lang.foreign.MemorySegment;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/**
 * The codecs of one thread, by the kind of the entries whose objects they read: those that it
 * writes with, and of every other kind one that is opened when the first such page is read. Opening
 * takes native memory, and the time for it, once a kind and thread; not once a request, and never
 * in a store whose pages are all of the device's codecs.
 */
final class Codecs implements AutoCloseable {

  /**
   * Why pages of an algorithm cannot be read, once somebody has asked: a class that has failed to
   * load its library says only the first time what it lacks.
   */
  private static final Map<Algorithm, Optional<String>> WHY_UNREADABLE =
      new EnumMap<>(Algorithm.class);

  private final Packing packing;

  // Null until they are needed.
  private PageCodec lz4;
  private PageCodec zstd;
  private PageCodec line;

  /**
   * Opens what the device's pages are packed with.
   *
   * @throws UnsupportedOperationException if this machine cannot run it
   */
  Codecs(PackingSpec device) {
    PageCodec rest = device.rest().newCodec();
    int restKind = own(device.rest().algorithm(), rest);
    if (device.lineFirst()) {
      line = CodecSpec.of(Algorithm.LINE).newCodec();
      packing =
          device.rest().algorithm() == Algorithm.NONE
              ? Packing.ofLines(line, ObjectWriter.MAX_COMPRESSED_BYTES, rest)
              : Packing.lineFirst(line, Packing.LINE_LIMIT, LineVectors::areComing, rest, restKind);
    } else {
      packing = Packing.of(rest, restKind);
    }
  }

  /** Keeps a codec to read with as well; returns the kind of what it writes. */
  private int own(Algorithm algorithm, PageCodec codec) {
    return switch (algorithm) {
      case NONE -> PageEntry.RAW; // it has nothing to close
      case LZ4 -> {
        lz4 = codec;
        yield PageEntry.LZ4;
      }
      case ZSTD -> {
        zstd = codec;
        yield PageEntry.ZSTD;
      }
      case LINE -> throw new IllegalArgumentException("lines come first, or not at all");
    };
  }

  /** What packs pages as the device's options say. */
  Packing packing() {
    return packing;
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

  /**
   * Why this machine can read no object of a kind, in words for the user; empty if it can. Any
   * thread, as long as none has tried to read one.
   */
  static Optional<String> whyUnreadable(int kind) {
    Algorithm algorithm =
        switch (kind) {
          case PageEntry.LZ4 -> Algorithm.LZ4;
          case PageEntry.ZSTD -> Algorithm.ZSTD;
          case PageEntry.LINE -> Algorithm.LINE;
          default -> Algorithm.NONE;
        };
    synchronized (WHY_UNREADABLE) {
      return WHY_UNREADABLE.computeIfAbsent(algorithm, Codecs::whyUnreadable);
    }
  }

  private static Optional<String> whyUnreadable(Algorithm algorithm) {
    try {
      CodecSpec.of(algorithm).newCodec().close();
      return Optional.empty();
    } catch (UnsupportedOperationException e) {
      return Optional.of(e.getMessage());
    } catch (LinkageError e) {
      // Its library is loaded when its class is.
      Throwable cause = e.getCause() == null ? e : e.getCause();
      return Optional.of(cause.getMessage());
    }
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
