package io.zublk.codec;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.invoke.MethodHandle;

/** The functions of {@code lz4.h} (liblz4 1.11) that {@link Lz4Codec} needs. */
final class Lz4 {

  /** Where lz4-java keeps it; {@code %s} is the architecture. */
  static final String RESOURCE = "net/jpountz/util/linux/%s/liblz4-java.so";

  private static final NativeLibrary LIBRARY = NativeLibrary.load(RESOURCE);

  private static final MethodHandle COMPRESS =
      LIBRARY.function(
          "LZ4_compress_fast_extState",
          FunctionDescriptor.of(
              JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT));

  private static final MethodHandle DECOMPRESS =
      LIBRARY.function(
          "LZ4_decompress_safe",
          FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT));

  /** 1 is what {@code LZ4_compress_default} uses: the densest of the fast search. */
  private static final int ACCELERATION = 1;

  static final long STATE_BYTES = stateBytes();
  static final long STATE_ALIGNMENT = Long.BYTES;

  private Lz4() {}

  private static long stateBytes() {
    MethodHandle sizeofState = LIBRARY.function("LZ4_sizeofState", FunctionDescriptor.of(JAVA_INT));
    try {
      return (int) sizeofState.invokeExact();
    } catch (Throwable e) {
      throw new AssertionError(e); // a downcall throws nothing
    }
  }

  /** Bytes written, or 0 if one page does not fit in {@code limit}. */
  static int compress(long state, long source, long target, int limit) {
    try {
      return (int)
          COMPRESS.invokeExact(state, source, target, PageCodec.PAGE_BYTES, limit, ACCELERATION);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /** Bytes written, at most one page, or negative if the input is malformed. */
  static int decompress(long source, int length, long target) {
    try {
      return (int) DECOMPRESS.invokeExact(source, target, length, PageCodec.PAGE_BYTES);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }
}
