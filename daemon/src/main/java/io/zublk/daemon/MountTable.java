package io.zublk.daemon;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What is mounted where, as this process sees it (proc_pid_mountinfo(5)). */
final class MountTable {

  /**
   * A mount.
   *
   * @param device the {@code major:minor} of the file system
   * @param mountPoint where
   * @param source what, a device's path for most file systems on disks
   * @param options those of the file system
   */
  record Mount(String device, String mountPoint, String source, String options) {}

  private MountTable() {}

  /** The options of the file system mounted at exactly {@code mountPoint}; empty if none is. */
  static Optional<String> optionsOf(Path mountPoint) throws IOException {
    String wanted = mountPoint.toString();
    return read(Path.of("/proc")).stream()
        .filter(mount -> mount.mountPoint().equals(wanted))
        .map(Mount::options)
        .findFirst();
  }

  static List<Mount> read(Path proc) throws IOException {
    List<Mount> mounts = new ArrayList<>();
    for (String line : Files.readAllLines(proc.resolve("self/mountinfo"))) {
      // 36 35 98:0 /root /mnt rw,noatime master:1 - ext4 /dev/sda rw: optional fields up to the "-"
      String[] halves = line.split(" - ", 2);
      String[] first = halves[0].split(" ", -1);
      String[] second = halves[1].split(" ", -1);
      mounts.add(
          new Mount(first[2], unescape(first[4]), unescape(second[1]), second[second.length - 1]));
    }
    return mounts;
  }

  /** Blanks and backslashes are octal in there. */
  static String unescape(String text) {
    StringBuilder plain = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) == '\\' && i + 3 < text.length()) {
        plain.append((char) Integer.parseInt(text.substring(i + 1, i + 4), 8));
        i += 3;
      } else {
        plain.append(text.charAt(i));
      }
    }
    return plain.toString();
  }
}
