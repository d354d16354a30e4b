package io.zublk.daemon.machine;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What is mounted where, as this process or another one sees it (proc_pid_mountinfo(5)). */
public final class MountTable {

  /**
   * A mount.
   *
   * @param device the {@code major:minor} of the file system
   * @param mountPoint where, to be shown: a name that is not UTF-8 has lost something here
   * @param type the file system's type
   * @param source what, a device's path for most file systems on disks
   * @param options those of the file system
   */
  public record Mount(
      String device, String mountPoint, String type, String source, String options) {}

  private MountTable() {}

  /**
   * The mount whose root {@code directory} is; empty if there is no such directory, or an ordinary
   * one. Found by its number: names in the table are those of the kernel, which may have come to
   * them by other links, and need not be expressible in this process's locale.
   */
  public static Optional<Mount> at(Path directory) throws IOException {
    Optional<FileStatus> here = FileStatus.of(directory);
    Optional<FileStatus> above = FileStatus.of(directory.resolveSibling("."));
    if (here.isEmpty() || above.isEmpty() || here.get().device() == above.get().device()) {
      return Optional.empty();
    }
    String number = here.get().deviceNumber();
    return read(Path.of("/proc/self/mountinfo")).stream()
        .filter(mount -> mount.device().equals(number))
        .findFirst();
  }

  /** The mounts that the kernel lists for a process in {@code table}. */
  static List<Mount> read(Path table) throws IOException {
    List<Mount> mounts = new ArrayList<>();
    for (String line : ProcFs.lines(table)) {
      // 36 35 98:0 /root /mnt rw,noatime master:1 - ext4 /dev/sda rw: optional fields up to the "-"
      String[] halves = line.split(" - ", 2);
      String[] first = halves[0].split(" ", -1);
      String[] second = halves[1].split(" ", -1);
      mounts.add(
          new Mount(
              first[2],
              unescape(first[4]),
              second[0],
              unescape(second[1]),
              second[second.length - 1]));
    }
    return mounts;
  }

  /**
   * A name from a file of /proc, to be shown: blanks and backslashes are octal in there, bytes are
   * chars. Control characters stay octal: what is shown is one line.
   */
  static String unescape(String text) {
    ByteArrayOutputStream plain = new ByteArrayOutputStream();
    for (int i = 0; i < text.length(); i++) {
      int code = text.charAt(i) == '\\' && i + 3 < text.length() ? octal(text, i + 1) : -1;
      if (code >= ' ') {
        plain.write(code);
        i += 3;
      } else {
        plain.write(text.charAt(i));
      }
    }
    return plain.toString(StandardCharsets.UTF_8);
  }

  private static int octal(String text, int at) {
    return Integer.parseInt(text.substring(at, at + 3), 8);
  }
}
