package io.zublk.bench;

import static io.zublk.block.Geometry.PAGE_BYTES;

import io.zublk.daemon.UserException;
import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.LinuxFile;
import io.zublk.uring.sys.Memory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * The bytes that a benchmark writes: a synthetic set by its name, the memory of live processes, or
 * a file. What is shorter than the device is repeated.
 *
 * @param name for reports; says how much of it is not repetition
 * @param unique how many bytes there were before they were repeated
 * @param bytes as many as the device has
 */
record BenchData(String name, long unique, MemorySegment bytes) implements AutoCloseable {

  private static final int IO_BYTES = 1 << 20;

  /** Data that is repeated so often is not what it stands for. */
  private static final int MANY_TIMES = 4;

  /** The {@link DataSet} names, then {@code memory}, then any file's path. */
  static final String NAMES =
      Arrays.stream(DataSet.values())
              .map(set -> set.name().toLowerCase(Locale.ROOT))
              .collect(Collectors.joining(", "))
          + ", memory or a file";

  /**
   * Loads {@code size} bytes, a multiple of 4096.
   *
   * @throws UserException if there is no such data set
   */
  static BenchData load(String source, long size) throws IOException {
    MemorySegment bytes = Memory.mapAnonymous(size);
    try {
      long unique = fill(source, bytes);
      return new BenchData(nameOf(source, unique, size), unique, bytes);
    } catch (Throwable t) {
      Memory.unmap(bytes);
      throw t;
    }
  }

  /** Whether {@link #load} knows the data set; cheap, so that a typing error costs no time. */
  static void check(String source) {
    if (!isSynthetic(source) && !source.equals("memory")) {
      Path path = Path.of(source);
      if (!Files.isReadable(path) || Files.isDirectory(path)) {
        throw new UserException(
            "no data set or readable file '%s': use %s".formatted(source, NAMES));
      }
    }
  }

  private static long fill(String source, MemorySegment bytes) throws IOException {
    check(source);
    long size = bytes.byteSize();
    if (isSynthetic(source)) {
      DataSet.valueOf(source.toUpperCase(Locale.ROOT)).writeTo(bytes, size);
      return size;
    }
    long unique = source.equals("memory") ? MemoryImage.collect(bytes) : readFile(source, bytes);
    for (long at = unique; at < size; at += unique) {
      MemorySegment.copy(bytes, 0, bytes, at, Math.min(unique, size - at));
    }
    return unique;
  }

  private static boolean isSynthetic(String source) {
    return Arrays.stream(DataSet.values()).anyMatch(set -> set.name().equalsIgnoreCase(source));
  }

  private static long readFile(String source, MemorySegment bytes) throws LinuxException {
    try (LinuxFile file = LinuxFile.open(Path.of(source), LinuxFile.O_RDONLY, 0)) {
      long at = 0;
      while (at < bytes.byteSize()) {
        long got = file.read(at, bytes, at, Math.min(IO_BYTES, bytes.byteSize() - at));
        if (got < 0) {
          throw new UserException("cannot read " + source);
        }
        if (got == 0) {
          break;
        }
        at += got;
      }
      long unique = at / PAGE_BYTES * PAGE_BYTES;
      if (unique == 0) {
        throw new UserException(source + " is shorter than a page of 4096 bytes");
      }
      return unique;
    }
  }

  private static String nameOf(String source, long unique, long size) {
    String name = source.contains("/") ? Path.of(source).getFileName().toString() : source;
    return unique == size ? name : "%s (%d MiB, repeated)".formatted(name, unique >> 20);
  }

  /** Says what the data is, and what it is not good for. */
  void describe(Report report) {
    report.fact("data", name);
    report.fact("data_unique_bytes", unique, "");
    if (unique <= bytes.byteSize() / MANY_TIMES) {
      report.note(
          "the same %d KiB over and over: caches and branch predictors learn them, so all rates"
                  .formatted(unique >> 10)
              + " are better than on as much real data");
    }
  }

  @Override
  public void close() {
    Memory.unmap(bytes);
  }
}
