package io.zublk.codec;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import com.github.luben.zstd.util.ZstdVersion;
import java.lang.foreign.FunctionDescriptor;
import java.lang.invoke.MethodHandle;

/** The functions of {@code zstd.h} (libzstd 1.5.7) that {@link ZstdCodec} needs. */
final class Zstd {

  /** Where zstd-jni keeps it; {@code %s} is the architecture. */
  static final String RESOURCE = "linux/%s/libzstd-jni-" + ZstdVersion.VERSION + ".so";

  private static final NativeLibrary LIBRARY = NativeLibrary.load(RESOURCE);

  private static final FunctionDescriptor NEW = FunctionDescriptor.of(JAVA_LONG);
  private static final FunctionDescriptor FREE = FunctionDescriptor.of(JAVA_LONG, JAVA_LONG);
  private static final FunctionDescriptor SET =
      FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT);
  private static final FunctionDescriptor CODE =
      FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);

  private static final MethodHandle CREATE_CCTX = LIBRARY.function("ZSTD_createCCtx", NEW);
  private static final MethodHandle CREATE_DCTX = LIBRARY.function("ZSTD_createDCtx", NEW);
  private static final MethodHandle FREE_CCTX = LIBRARY.function("ZSTD_freeCCtx", FREE);
  private static final MethodHandle FREE_DCTX = LIBRARY.function("ZSTD_freeDCtx", FREE);
  private static final MethodHandle SET_CCTX = LIBRARY.function("ZSTD_CCtx_setParameter", SET);
  private static final MethodHandle SET_DCTX = LIBRARY.function("ZSTD_DCtx_setParameter", SET);
  private static final MethodHandle COMPRESS = LIBRARY.function("ZSTD_compress2", CODE);
  private static final MethodHandle DECOMPRESS = LIBRARY.function("ZSTD_decompressDCtx", CODE);

  // ZSTD_cParameter, ZSTD_dParameter and ZSTD_format_e
  private static final int C_FORMAT = 10;
  private static final int C_COMPRESSION_LEVEL = 100;
  private static final int C_CONTENT_SIZE_FLAG = 200;
  private static final int C_CHECKSUM_FLAG = 201;
  private static final int C_DICT_ID_FLAG = 202;
  private static final int D_FORMAT = 1000;
  private static final int F_ZSTD1_MAGICLESS = 1;

  /** Results from {@code -ZSTD_error_maxCode} (120) up to -1, as unsigned, are error codes. */
  private static final long MAX_ERROR_CODE = 120;

  private Zstd() {}

  /** A {@code ZSTD_CCtx} at {@code level}; frees nothing by itself. */
  static long newCompressor(int level) {
    try {
      long context = checkAllocated((long) CREATE_CCTX.invokeExact());
      check((long) SET_CCTX.invokeExact(context, C_COMPRESSION_LEVEL, level));
      check((long) SET_CCTX.invokeExact(context, C_FORMAT, F_ZSTD1_MAGICLESS));
      check((long) SET_CCTX.invokeExact(context, C_CONTENT_SIZE_FLAG, 0));
      check((long) SET_CCTX.invokeExact(context, C_CHECKSUM_FLAG, 0));
      check((long) SET_CCTX.invokeExact(context, C_DICT_ID_FLAG, 0));
      return context;
    } catch (Throwable e) {
      throw rethrown(e);
    }
  }

  /** A {@code ZSTD_DCtx} for frames without magic number. */
  static long newDecompressor() {
    try {
      long context = checkAllocated((long) CREATE_DCTX.invokeExact());
      check((long) SET_DCTX.invokeExact(context, D_FORMAT, F_ZSTD1_MAGICLESS));
      return context;
    } catch (Throwable e) {
      throw rethrown(e);
    }
  }

  /** Bytes written, or an error: most likely that one page does not fit in {@code limit}. */
  static long compress(long context, long source, long target, long limit) {
    try {
      return (long)
          COMPRESS.invokeExact(context, target, limit, source, (long) PageCodec.PAGE_BYTES);
    } catch (Throwable e) {
      throw rethrown(e);
    }
  }

  /** Bytes written, at most one page, or an error. */
  static long decompress(long context, long source, long length, long target) {
    try {
      return (long)
          DECOMPRESS.invokeExact(context, target, (long) PageCodec.PAGE_BYTES, source, length);
    } catch (Throwable e) {
      throw rethrown(e);
    }
  }

  static void freeCompressor(long context) {
    try {
      check((long) FREE_CCTX.invokeExact(context));
    } catch (Throwable e) {
      throw rethrown(e);
    }
  }

  static void freeDecompressor(long context) {
    try {
      check((long) FREE_DCTX.invokeExact(context));
    } catch (Throwable e) {
      throw rethrown(e);
    }
  }

  static boolean isError(long result) {
    return result < 0 && result >= -MAX_ERROR_CODE;
  }

  private static long checkAllocated(long context) {
    if (context == 0) {
      throw new OutOfMemoryError("no memory for a zstd context");
    }
    return context;
  }

  private static void check(long result) {
    if (isError(result)) {
      throw new IllegalStateException("libzstd refused a setting: error " + -result);
    }
  }

  /** A downcall throws nothing, so {@code e} is one of ours. */
  private static AssertionError rethrown(Throwable e) {
    if (e instanceof RuntimeException ours) {
      throw ours;
    }
    if (e instanceof Error ours) {
      throw ours;
    }
    return new AssertionError(e);
  }
}
