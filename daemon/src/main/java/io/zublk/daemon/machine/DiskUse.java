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
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * Who uses a disk of this machine, or a partition of it: mounts, swap, devices stacked on top, and
 * processes that have it open.
 */
public final class DiskUse {

  private final OtherProcesses processes;
  private final Path proc;
  private final Path sys;
  private final String disk;

  /** The use of {@code /dev/DISK}. */
  public DiskUse(String disk) {
    this(disk, Path.of("/proc"), Path.of("/sys"));
  }

  DiskUse(String disk, Path proc, Path sys) {
    this.disk = disk;
    this.processes = new OtherProcesses(proc);
    this.proc = proc;
    this.sys = sys;
  }

  /** The uses found, as the end of a sentence: {@code mounted on /mnt, held by /dev/dm-0}. */
  public Optional<String> use() {
    try {
      List<String> uses = new ArrayList<>();
      for (Path part : parts()) {
        addUses(part, uses);
      }
      return uses.isEmpty()
          ? Optional.empty()
          : Optional.of(ShortList.of(uses, Function.identity()));
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

  private void addUses(Path part, List<String> uses) throws IOException {
    Optional<String> mountPoint = mountPointOf(part);
    if (mountPoint.isPresent()) {
      uses.add("mounted on " + mountPoint.get());
    } else {
      foreignMountOf(part).ifPresent(uses::add);
    }
    if (isSwap(part)) {
      uses.add("in use as swap");
    }
    holders(part).forEach(holder -> uses.add("held by " + holder));
    loopsOver(part).forEach(loop -> uses.add("behind /dev/" + loop));
    processes.openersOf(node(part)).forEach(opener -> uses.add("open in " + opener));
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
    Predicate<MountTable.Mount> isOfPart = isOf(part);
    return MountTable.read(proc.resolve("self/mountinfo")).stream()
        .filter(isOfPart)
        .map(MountTable.Mount::mountPoint)
        .findFirst();
  }

  /** Containers, and services of systemd, have tables of their own, and may keep what we let go. */
  private Optional<String> foreignMountOf(Path part) throws IOException {
    Predicate<MountTable.Mount> isOfPart = isOf(part);
    return processes.foreignMounts().stream()
        .filter(foreign -> isOfPart.test(foreign.mount()))
        .map(foreign ->
            "mounted on %s as %s sees it"
                .formatted(foreign.mount().mountPoint(), foreign.process()))
        .findFirst();
  }

  private static Predicate<MountTable.Mount> isOf(Path part) throws IOException {
    String number = Files.readString(part.resolve("dev")).strip();
    String node = node(part);
    // File systems that span disks (btrfs) have a number of their own: they name the node.
    return mount -> mount.device().equals(number) || mount.source().equals(node);
  }

  private static String node(Path part) {
    return "/dev/" + part.getFileName();
  }

  private boolean isSwap(Path part) throws IOException {
    String node = node(part);
    try {
      return ProcFs.lines(proc.resolve("swaps")).stream()
          .anyMatch(line -> MountTable.unescape(line.split("\\s", 2)[0]).equals(node));
    } catch (NoSuchFileException e) {
      return false; // a kernel without swap
    }
  }

  private List<String> holders(Path part) throws IOException {
    List<String> holders = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(part.resolve("holders"))) {
      for (Path entry : entries) {
        String holder = entry.getFileName().toString();
        String name = line(sys.resolve("block").resolve(holder).resolve("dm/name"));
        holders.add("/dev/" + holder + (name.isEmpty() ? "" : " (" + name + ")"));
      }
    } catch (NoSuchFileException e) {
      return List.of();
    }
    return holders;
  }

  private List<String> loopsOver(Path part) throws IOException {
    List<String> loops = new ArrayList<>();
    try (DirectoryStream<Path> disks =
        Files.newDirectoryStream(sys.resolve("block"), "loop[0-9]*")) {
      for (Path loop : disks) {
        if (line(loop.resolve("loop/backing_file")).equals(node(part))) {
          loops.add(loop.getFileName().toString());
        }
      }
    }
    return loops;
  }

  /** The line of a file of sysfs; empty if there is none, as disks come and go. */
  private static String line(Path file) {
    try {
      return String.join("", ProcFs.lines(file)).strip();
    } catch (IOException e) {
      return "";
    }
  }
}
