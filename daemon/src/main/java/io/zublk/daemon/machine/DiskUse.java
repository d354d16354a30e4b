package io.zublk.daemon.machine;

import io.zublk.daemon.UserException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Who uses a disk of this machine: mounts, swap, and devices stacked on top, of the disk and of its
 * partitions.
 */
public final class DiskUse {

  private final Path proc;
  private final Path sys;
  private final String disk;

  /** The use of {@code /dev/DISK}. */
  public DiskUse(String disk) {
    this(disk, Path.of("/proc"), Path.of("/sys"));
  }

  DiskUse(String disk, Path proc, Path sys) {
    this.disk = disk;
    this.proc = proc;
    this.sys = sys;
  }

  /** The first use found, as the end of a sentence: {@code mounted on /mnt}. */
  public Optional<String> use() {
    try {
      for (Path part : parts()) {
        Optional<String> use = useOf(part);
        if (use.isPresent()) {
          return use;
        }
      }
      return Optional.empty();
    } catch (IOException e) {
      // Not knowing is no reason to pull a disk from under somebody.
      return Optional.of("perhaps in use (" + UserException.lineFor(e) + ")");
    }
  }

  /** Where the disk, or its first mounted partition, is mounted; {@code [SWAP]} if it is swap. */
  public String mountpoint() {
    try {
      for (Path part : parts()) {
        Optional<String> mountPoint = mountPointOf(part);
        if (mountPoint.isPresent()) {
          return mountPoint.get();
        }
        if (isSwap(part)) {
          return "[SWAP]";
        }
      }
    } catch (IOException e) {
      // Shown as not mounted: it is a column of a table, not a decision.
    }
    return "";
  }

  private Optional<String> useOf(Path part) throws IOException {
    Optional<String> mountPoint = mountPointOf(part);
    if (mountPoint.isPresent()) {
      return Optional.of("mounted on " + mountPoint.get());
    }
    if (isSwap(part)) {
      return Optional.of("in use as swap");
    }
    return holders(part).stream().findFirst().map(holder -> "held by /dev/" + holder);
  }

  /** The disk's directory in sysfs, and those of its partitions. */
  private List<Path> parts() throws IOException {
    Path whole = sys.resolve("block").resolve(disk);
    List<Path> parts = new ArrayList<>(List.of(whole));
    try (DirectoryStream<Path> entries =
        Files.newDirectoryStream(whole, entry -> Files.exists(entry.resolve("partition")))) {
      entries.forEach(parts::add);
    } catch (NoSuchFileException e) {
      return List.of();
    }
    return parts;
  }

  private Optional<String> mountPointOf(Path part) throws IOException {
    String number = Files.readString(part.resolve("dev")).strip();
    String node = "/dev/" + part.getFileName();
    // File systems that span disks (btrfs) have a number of their own: they name the node.
    return MountTable.read(proc).stream()
        .filter(mount -> mount.device().equals(number) || mount.source().equals(node))
        .map(MountTable.Mount::mountPoint)
        .findFirst();
  }

  private boolean isSwap(Path part) throws IOException {
    String node = "/dev/" + part.getFileName();
    try {
      return ProcFs.lines(proc.resolve("swaps")).stream()
          .anyMatch(line -> MountTable.unescape(line.split("\\s", 2)[0]).equals(node));
    } catch (NoSuchFileException e) {
      return false; // a kernel without swap
    }
  }

  private static List<String> holders(Path part) throws IOException {
    List<String> holders = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(part.resolve("holders"))) {
      entries.forEach(entry -> holders.add(entry.getFileName().toString()));
    } catch (NoSuchFileException e) {
      return List.of();
    }
    return holders;
  }
}
