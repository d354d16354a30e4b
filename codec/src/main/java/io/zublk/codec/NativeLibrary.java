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
   * Loads {@code resource}, in which {@code %s} stands for the architecture as Java names it.
   *
   * @throws UnsupportedOperationException if there is none for this machine, or the system refuses
   *     to load it
   */
  static NativeLibrary load(String resource) {
    String file = resource.formatted(System.getProperty("os.arch"));
    try (InputStream library = NativeLibrary.class.getClassLoader().getResourceAsStream(file)) {
      if (library == null) {
        throw new UnsupportedOperationException("no compression library " + file);
      }
      return new NativeLibrary(loadFromMemory(file, library));
    } catch (IOException | IllegalArgumentException e) {
      throw new UnsupportedOperationException("cannot load " + file + ": " + e.getMessage(), e);
    }
  }

  private static SymbolLookup loadFromMemory(String name, InputStream library) throws IOException {
    int fd = memfdCreate(name);
    if (fd < 0) {
      throw new IOException("memfd_create failed (is vm.memfd_noexec 2?)");
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
      return (int)
          memfdCreate.invokeExact(
              arena.allocateFrom(Path.of(name).getFileName().toString()), MFD_CLOEXEC);
    } catch (Throwable e) {
      throw new AssertionError(e); // a downcall throws nothing
    }
  }

  /**
   * A handle on the C function {@code name}, for {@code invokeExact}. Not a critical one: that
   * would save 8 ns of 1400, but a garbage collection would wait for a call that waits for a page
   * fault.
   */
  MethodHandle function(String name, FunctionDescriptor type) {
    MemorySegment symbol = symbols.findOrThrow(name);
    return LINKER.downcallHandle(symbol, type);
  }
}
