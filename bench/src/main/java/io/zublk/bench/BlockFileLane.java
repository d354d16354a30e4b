package io.zublk.bench;

import io.zublk.block.Errno;
import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.LinuxFile;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/** A block device, read and written past the page cache. */
final class BlockFileLane implements Lane {

  private final LinuxFile file;

  BlockFileLane(Path device) throws LinuxException {
    file = LinuxFile.open(device, LinuxFile.O_RDWR | LinuxFile.O_DIRECT, 0);
  }

  @Override
  public int read(long position, MemorySegment buffer, long offset, int length) {
    return result(file.read(position, buffer, offset, length), length);
  }

  @Override
  public int write(long position, MemorySegment buffer, long offset, int length) {
    return result(file.write(position, buffer, offset, length), length);
  }

  private static int result(long transferred, int length) {
    if (transferred < 0) {
      return (int) transferred;
    }
    return transferred == length ? 0 : -Errno.EIO;
  }

  @Override
  public void close() {
    file.close();
  }
}
