package io.zublk.bench;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/** The functions of libblkio (blkio.h, version 1) that a benchmark needs. */
record Blkio(
    MethodHandle create,
    MethodHandle setString,
    MethodHandle setInt,
    MethodHandle setFlag,
    MethodHandle connect,
    MethodHandle start,
    MethodHandle allocate,
    MethodHandle map,
    MethodHandle queue,
    MethodHandle pollQueue,
    MethodHandle read,
    MethodHandle write,
    MethodHandle perform,
    MethodHandle destroy,
    MethodHandle errorMessage) {

  private static final FunctionDescriptor POINTER = FunctionDescriptor.of(JAVA_INT, ADDRESS);
  private static final FunctionDescriptor TWO = FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS);
  // Buffer and tag are pointers; as numbers they need no object for each request.
  private static final FunctionDescriptor TRANSFER =
      FunctionDescriptor.ofVoid(ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT);
  private static final FunctionDescriptor QUEUE = FunctionDescriptor.of(ADDRESS, ADDRESS, JAVA_INT);

  /** Loads the library, for as long as this process lives. */
  static Blkio load(Path library) {
    SymbolLookup symbols = SymbolLookup.libraryLookup(library, Arena.global());
    Binder binder =
        (name, type) -> Linker.nativeLinker().downcallHandle(symbols.findOrThrow(name), type);
    return new Blkio(
        binder.bind("blkio_create", TWO),
        binder.bind("blkio_set_str", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS)),
        binder.bind("blkio_set_int", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, JAVA_INT)),
        binder.bind(
            "blkio_set_bool", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, JAVA_BOOLEAN)),
        binder.bind("blkio_connect", POINTER),
        binder.bind("blkio_start", POINTER),
        binder.bind(
            "blkio_alloc_mem_region", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, JAVA_LONG)),
        binder.bind("blkio_map_mem_region", TWO),
        binder.bind("blkio_get_queue", QUEUE),
        binder.bind("blkio_get_poll_queue", QUEUE),
        binder.bind("blkioq_read", TRANSFER),
        binder.bind("blkioq_write", TRANSFER),
        binder.bind(
            "blkioq_do_io",
            FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, JAVA_INT, JAVA_INT, ADDRESS)),
        binder.bind("blkio_destroy", FunctionDescriptor.ofVoid(ADDRESS)),
        binder.bind("blkio_get_error_msg", FunctionDescriptor.of(ADDRESS)));
  }

  private interface Binder {
    MethodHandle bind(String name, FunctionDescriptor type);
  }

  /**
   * Passes a result on that is not negative.
   *
   * @throws IOException with the library's own words
   */
  int require(String what, int result) throws IOException {
    if (result >= 0) {
      return result;
    }
    try {
      MemorySegment text = (MemorySegment) errorMessage.invokeExact();
      throw new IOException(what + ": " + text.reinterpret(Long.MAX_VALUE).getString(0));
    } catch (IOException | RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }
}
