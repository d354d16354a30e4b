package io.zublk.bench;

import io.zublk.uring.sys.LinuxFile;
import io.zublk.uring.sys.Memory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Copies the writable private pages of a live process, except zeros, to a file: the data that swap
 * really gets. Needs the permission to trace the process.
 */
public final class MemoryImage {

  private static final int PAGE_BYTES = 4096;

  private MemoryImage() {}

  /**
   * Arguments: a process id, the file to make, the most MiB to copy.
   *
   * @throws IOException if the process cannot be read or the file not be written
   */
  public static void main(String[] args) throws IOException {
    long limit = Long.parseLong(args[2]) << 20;
    try (LinuxFile memory =
            LinuxFile.open(Path.of("/proc", args[0], "mem"), LinuxFile.O_RDONLY, 0);
        LinuxFile image =
            LinuxFile.open(
                Path.of(args[1]), LinuxFile.O_RDWR | LinuxFile.O_CREAT | LinuxFile.O_TRUNC, 0600)) {
      long copied = 0;
      for (String line : Files.readAllLines(Path.of("/proc", args[0], "maps"))) {
        copied += copyRange(memory, image, copied, limit, line);
      }
      System.out.printf("%s: %d pages%n", args[1], copied / PAGE_BYTES);
    }
  }

  private static long copyRange(
      LinuxFile memory, LinuxFile image, long position, long limit, String line)
      throws IOException {
    List<String> fields = List.of(line.split("\\s+", -1));
    if (!fields.get(1).startsWith("rw-p")) {
      return 0;
    }
    int dash = fields.get(0).indexOf('-');
    long start = Long.parseUnsignedLong(fields.get(0).substring(0, dash), 16);
    long end = Long.parseUnsignedLong(fields.get(0).substring(dash + 1), 16);
    MemorySegment page = Memory.mapAnonymous(PAGE_BYTES);
    long copied = 0;
    for (long at = start; at < end && position + copied < limit; at += PAGE_BYTES) {
      if (memory.read(at, page, 0, PAGE_BYTES) == PAGE_BYTES && !isZero(page)) {
        if (image.write(position + copied, page, 0, PAGE_BYTES) != PAGE_BYTES) {
          throw new IOException("cannot write the image; is there space?");
        }
        copied += PAGE_BYTES;
      }
    }
    Memory.unmap(page);
    return copied;
  }

  private static boolean isZero(MemorySegment page) {
    for (int i = 0; i < PAGE_BYTES; i += Long.BYTES) {
      if (page.get(ValueLayout.JAVA_LONG, i) != 0) {
        return false;
      }
    }
    return true;
  }
}
