package io.zublk.bench;

import io.zublk.uring.sys.LinuxFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;

/** A kernel zram device of our own, made for one measurement and removed after it. Needs root. */
final class ZramDevice implements AutoCloseable {

  private static final Path CONTROL = Path.of("/sys/class/zram-control");
  private static final int O_DIRECT = 0x4000;
  private static final int IO_BYTES = 1 << 20;

  private final String id;
  private final Path sys;

  private ZramDevice(String id) {
    this.id = id;
    this.sys = Path.of("/sys/block/zram" + id);
  }

  static boolean isAvailable() {
    return Files.isWritable(CONTROL.resolve("hot_remove"));
  }

  static ZramDevice create(String algorithm, long bytes) throws IOException {
    ZramDevice device = new ZramDevice(Files.readString(CONTROL.resolve("hot_add")).trim());
    try {
      Files.writeString(device.sys.resolve("comp_algorithm"), algorithm);
      Files.writeString(device.sys.resolve("disksize"), Long.toString(bytes));
      return device;
    } catch (IOException e) {
      device.close();
      throw new IOException("kernel zram has no " + algorithm + " here: " + e.getMessage(), e);
    }
  }

  /** Writes past the page cache, so that the device has the bytes when this returns. */
  void write(MemorySegment data, long bytes) throws IOException {
    try (LinuxFile file = LinuxFile.open(path(), LinuxFile.O_RDWR | O_DIRECT, 0)) {
      for (long at = 0; at < bytes; at += IO_BYTES) {
        long length = Math.min(IO_BYTES, bytes - at);
        if (file.write(at, data, at, length) != length) {
          throw new IOException("short write to " + path());
        }
      }
    }
  }

  Path path() {
    return Path.of("/dev/zram" + id);
  }

  /** The first three fields of mm_stat: orig_data_size, compr_data_size, mem_used_total. */
  long[] mmStat() throws IOException {
    String[] fields = Files.readString(sys.resolve("mm_stat")).trim().split("\\s+", -1);
    return new long[] {
      Long.parseLong(fields[0]), Long.parseLong(fields[1]), Long.parseLong(fields[2])
    };
  }

  @Override
  public void close() throws IOException {
    Files.writeString(sys.resolve("reset"), "1");
    Files.writeString(CONTROL.resolve("hot_remove"), id);
  }
}
