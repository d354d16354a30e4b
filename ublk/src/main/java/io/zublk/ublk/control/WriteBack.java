package io.zublk.ublk.control;

import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.LinuxFile;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Has the kernel write what users have left in its cache for a disk, and for the file systems on
 * it.
 *
 * <p>Stopping a device does that by itself, but not one that outlives its server: all that comes
 * from then on fails, which is write-back as well (ublk_stop_dev in ublk_drv.c).
 */
final class WriteBack {

  // include/uapi/linux/fs.h
  private static final int BLKFLSBUF = 0x1261;

  private static final Path DISKS = Path.of("/sys/block");

  private WriteBack() {}

  /**
   * Writes what was left until now, and waits for it. That it could not be written is what its
   * users hear, not we.
   */
  static void of(Path disk) throws IOException {
    String name = disk.getFileName().toString();
    Path known = DISKS.resolve(name);
    if (Files.isDirectory(known)) {
      try (DirectoryStream<Path> partitions = Files.newDirectoryStream(known, name + "p*")) {
        partitions.forEach(partition -> flush(disk.resolveSibling(partition.getFileName())));
      }
    }
    flush(disk);
  }

  private static void flush(Path device) {
    try (LinuxFile file = LinuxFile.open(device, LinuxFile.O_RDONLY, 0)) {
      file.control(BLKFLSBUF, 0);
    } catch (LinuxException e) {
      // It is gone, and with it what was left for it.
    }
  }
}
