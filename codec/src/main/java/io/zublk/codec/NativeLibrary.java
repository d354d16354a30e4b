package io.zublk.codec;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * A C library that travels inside a jar. It is loaded from a memory file ({@code memfd_create(2)}),
 * so nothing is written to any directory, nothing is left behind by a crash, and a {@code noexec}
 * temporary directory does not matter. It stays loaded until the process ends.
 */
final class NativeLibrary {

  private static final Linker LINKER = Linker.nativeLinker();
  private static final int MFD_CLOEXEC = 1; // include/uapi/linux/memfd.h

  private final SymbolLookup symbols;

  private NativeLibrary(SymbolLookup symbols) {
    this.symbols = symbols;
  }

  /**
   * Loads {@code lib<name>.so} of this machine's architecture.
   *
   * @throws UnsupportedOperationException if there is none, or the system refuses to load it
   */
  static NativeLibrary load(String name) {
    String resource = "aircompressor/" + platform() + "/lib" + name + ".so";
    try (InputStream library = NativeLibrary.class.getClassLoader().getResourceAsStream(resource)) {
      if (library == null) {
        throw new UnsupportedOperationException("no lib" + name + " for " + platform());
      }
      return new NativeLibrary(loadFromMemory(name, library));
    } catch (IOException | IllegalArgumentException e) {
      throw new UnsupportedOperationException("cannot load lib" + name + ": " + e.getMessage(), e);
    }
  }

  private static SymbolLookup loadFromMemory(String name, InputStream library) throws IOException {
    int fd = memfdCreate(name);
    if (fd < 0) {
      throw new IOException("memfd_create failed");
    }
    // The descriptor stays open: the dynamic loader knows libraries by path, and would take another
    // one under a path it has seen for this one.
    String path = "/proc/self/fd/" + fd;
    Files.write(Path.of(path), library.readAllBytes());
    return SymbolLookup.libraryLookup(path, Arena.global());
  }

  private static int memfdCreate(String name) {
    MethodHandle memfdCreate =
        LINKER.downcallHandle(
            LINKER.defaultLookup().findOrThrow("memfd_create"),
            FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
    try (Arena arena = Arena.ofConfined()) {
      return (int) memfdCreate.invokeExact(arena.allocateFrom("zublk-" + name), MFD_CLOEXEC);
    } catch (Throwable e) {
      throw new AssertionError(e); // a downcall throws nothing
    }
  }

  private static String platform() {
    return System.getProperty("os.name").toLowerCase(Locale.ROOT)
        + "-"
        + System.getProperty("os.arch");
  }

  /** A handle on the C function {@code name}, for {@code invokeExact}. */
  MethodHandle function(String name, FunctionDescriptor type, Linker.Option... options) {
    MemorySegment symbol = symbols.findOrThrow(name);
    return LINKER.downcallHandle(symbol, type, options);
  }
}
