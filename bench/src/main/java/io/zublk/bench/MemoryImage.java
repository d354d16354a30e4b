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

/**
 * Copies the writable private pages of live processes, except zeros: the data that swap really
 * gets. Needs the permission to trace the processes.
 */
public final class MemoryImage {

  private MemoryImage() {}

  /**
   * Arguments: a process id, the file to make, the most MiB to copy.
   *
   * @throws IOException if the process cannot be read or the file not be written
   */
  public static void main(String[] args) throws IOException {
    MemorySegment pages = Memory.mapAnonymous(Long.parseLong(args[2]) << 20);
    long copied = copy(Long.parseLong(args[0]), pages, 0);
    try (LinuxFile image =
        LinuxFile.open(
            Path.of(args[1]), LinuxFile.O_RDWR | LinuxFile.O_CREAT | LinuxFile.O_TRUNC, 0600)) {
      for (long at = 0; at < copied; at += PAGE_BYTES) {
        if (image.write(at, pages, at, PAGE_BYTES) != PAGE_BYTES) {
          throw new IOException("cannot write the image; is there space?");
        }
      }
    }
    System.out.printf("%s: %d pages%n", args[1], copied / PAGE_BYTES);
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
        copied += copy(pid, pages, copied);
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

  private static long copy(long pid, MemorySegment pages, long from) throws IOException {
    long copied = 0;
    Path process = Path.of("/proc", Long.toString(pid));
    try (LinuxFile memory = LinuxFile.open(process.resolve("mem"), LinuxFile.O_RDONLY, 0)) {
      // Names of files are in there, which need not be text.
      for (String line : Files.readAllLines(process.resolve("maps"), StandardCharsets.ISO_8859_1)) {
        copied += copyRange(memory, line, pages, from + copied);
      }
    }
    return copied;
  }

  private static long copyRange(LinuxFile memory, String line, MemorySegment pages, long from)
      throws LinuxException {
    String[] fields = line.split("\\s+", 3);
    if (!fields[1].startsWith("rw-p")) {
      return 0;
    }
    int dash = fields[0].indexOf('-');
    long start = Long.parseUnsignedLong(fields[0].substring(0, dash), 16);
    long end = Long.parseUnsignedLong(fields[0].substring(dash + 1), 16);
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
