package io.zublk.bench;

import static io.zublk.block.Geometry.PAGE_BYTES;

import io.zublk.daemon.UserException;
import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.LinuxFile;
import io.zublk.uring.sys.Memory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.function.Predicate;

/**
 * Copies the writable private pages of live processes, or their anonymous shared ones, except
 * zeros: the data that swap really gets. Needs the permission to trace the processes.
 */
public final class MemoryImage {

  private MemoryImage() {}

  /**
   * Arguments: a process id, the file to make, the most MiB to copy. With {@code --shared} before
   * them, the memory that the process shares with its children instead of its own.
   *
   * @throws IOException if the process cannot be read or the file not be written
   */
  public static void main(String[] args) throws IOException {
    boolean shared = args[0].equals("--shared");
    List<String> rest = List.of(args).subList(shared ? 1 : 0, args.length);
    Path file = Path.of(rest.get(1));
    MemorySegment pages = Memory.mapAnonymous(Long.parseLong(rest.get(2)) << 20);
    long copied =
        copy(
            Long.parseLong(rest.getFirst()),
            shared ? MemoryImage::isSharedMemory : MemoryImage::isPrivate,
            pages,
            0);
    try (LinuxFile image =
        LinuxFile.open(file, LinuxFile.O_RDWR | LinuxFile.O_CREAT | LinuxFile.O_TRUNC, 0600)) {
      for (long at = 0; at < copied; at += PAGE_BYTES) {
        if (image.write(at, pages, at, PAGE_BYTES) != PAGE_BYTES) {
          throw new IOException("cannot write the image; is there space?");
        }
      }
    }
    System.out.printf("%s: %d pages%n", file, copied / PAGE_BYTES);
  }

  private static boolean isPrivate(String mapping) {
    return mapping.contains(" rw-p ");
  }

  /** So Linux names memory that is shared and has no file of anybody's. */
  private static boolean isSharedMemory(String mapping) {
    return mapping.contains(" rw-s ") && mapping.endsWith(" /dev/zero (deleted)");
  }

  /**
   * Fills memory with pages of other processes, those with the most memory first.
   *
   * @return the bytes there were, at most all of {@code pages}
   * @throws UserException if no process may be read
   */
  static long collect(MemorySegment pages) {
    long own = ProcessHandle.current().pid();
    List<Long> largestFirst =
        ProcessHandle.allProcesses()
            .map(ProcessHandle::pid)
            .filter(pid -> pid != own)
            .sorted(Comparator.comparingLong(MemoryImage::residentPages).reversed())
            .toList();
    long copied = 0;
    for (long pid : largestFirst) {
      try {
        copied += copy(pid, MemoryImage::isPrivate, pages, copied);
      } catch (IOException e) {
        // Not ours to read, or gone: the next one.
      }
    }
    if (copied == 0) {
      throw new UserException("no process's memory may be read; run as root, or use a file");
    }
    return copied;
  }

  private static long residentPages(long pid) {
    try {
      return Long.parseLong(Files.readString(Path.of("/proc/" + pid + "/statm")).split(" ", 3)[1]);
    } catch (IOException e) {
      return 0;
    }
  }

  private static long copy(long pid, Predicate<String> wanted, MemorySegment pages, long from)
      throws IOException {
    long copied = 0;
    Path process = Path.of("/proc", Long.toString(pid));
    try (LinuxFile memory = LinuxFile.open(process.resolve("mem"), LinuxFile.O_RDONLY, 0)) {
      // Names of files are in there, which need not be text.
      for (String line : Files.readAllLines(process.resolve("maps"), StandardCharsets.ISO_8859_1)) {
        if (wanted.test(line)) {
          copied += copyRange(memory, line, pages, from + copied);
        }
      }
    }
    return copied;
  }

  private static long copyRange(LinuxFile memory, String line, MemorySegment pages, long from)
      throws LinuxException {
    String[] range = line.substring(0, line.indexOf(' ')).split("-", 2);
    long start = Long.parseUnsignedLong(range[0], 16);
    long end = Long.parseUnsignedLong(range[1], 16);
    long to = from;
    for (long at = start; at < end && to < pages.byteSize(); at += PAGE_BYTES) {
      if (memory.read(at, pages, to, PAGE_BYTES) == PAGE_BYTES && !isZero(pages, to)) {
        to += PAGE_BYTES;
      }
    }
    return to - from;
  }

  private static boolean isZero(MemorySegment pages, long at) {
    for (int i = 0; i < PAGE_BYTES; i += Long.BYTES) {
      if (pages.get(ValueLayout.JAVA_LONG, at + i) != 0) {
        return false;
      }
    }
    return true;
  }
}
