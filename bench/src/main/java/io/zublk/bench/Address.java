package io.zublk.bench;

import io.zublk.daemon.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Where a device is reached.
 *
 * @param text a block device's path or an NBD URI
 */
record Address(String text) {

  boolean isNbd() {
    return text.startsWith("nbd:") || text.startsWith("nbd+unix:");
  }

  Lane openLane() throws IOException {
    return isNbd() ? NbdLane.connect(text) : new BlockFileLane(Path.of(text));
  }

  /** The engine that fio needs for this address. */
  String engine() {
    return isNbd() ? "nbd" : "io_uring";
  }

  /** The options with which fio finds it. */
  List<String> fioOptions() {
    return isNbd()
        ? List.of("--ioengine=nbd", "--uri=" + text)
        : List.of(
            "--ioengine=io_uring", "--filename=" + text, "--direct=1", "--allow_file_create=0");
  }

  /** The device's size, as the kernel or the server says. */
  long sizeBytes() throws IOException {
    if (isNbd()) {
      try (NbdLane lane = NbdLane.connect(text)) {
        return lane.sizeBytes();
      }
    }
    Path device = Path.of(text).toRealPath();
    Path size = Path.of("/sys/class/block", device.getFileName().toString(), "size");
    if (!Files.exists(size)) {
      throw new UserException(text + " is neither a block device nor an NBD URI");
    }
    return Long.parseLong(Files.readString(size).strip()) * 512; // whatever the block size is
  }
}
