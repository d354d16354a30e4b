package io.zublk.daemon.machine;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What /proc tells of all processes (proc(5)), as far as this one may see it: root sees all, others
 * their own. Processes end while they are looked at; that is no failure.
 */
public final class OtherProcesses {

  /**
   * A mount that this process does not see where it is.
   *
   * @param process one that does
   */
  record ForeignMount(String process, MountTable.Mount mount) {}

  private final Path proc;

  OtherProcesses(Path proc) {
    this.proc = proc;
  }

  /** The processes that have a file open under this name, such as {@code dd (process 17)}. */
  List<String> openersOf(String file) throws IOException {
    List<String> openers = new ArrayList<>();
    for (Path process : all()) {
      if (hasOpen(process, file)) {
        openers.add(name(process));
      }
    }
    return openers;
  }

  private static boolean hasOpen(Path process, String file) {
    try (DirectoryStream<Path> links = Files.newDirectoryStream(process.resolve("fd"))) {
      for (Path link : links) {
        String target = target(link);
        if (target.equals(file) || target.equals(file + " (deleted)")) {
          return true;
        }
      }
      return false;
    } catch (IOException e) {
      return false;
    }
  }

  /** The mounts of namespaces other than our own. */
  List<ForeignMount> foreignMounts() throws IOException {
    Set<String> seen = new HashSet<>(List.of("", target(proc.resolve("self/ns/mnt"))));
    List<ForeignMount> mounts = new ArrayList<>();
    for (Path process : all()) {
      if (seen.add(target(process.resolve("ns/mnt")))) {
        addMounts(process, mounts);
      }
    }
    return mounts;
  }

  private static void addMounts(Path process, List<ForeignMount> mounts) {
    try {
      String name = name(process);
      MountTable.read(process.resolve("mountinfo"))
          .forEach(mount -> mounts.add(new ForeignMount(name, mount)));
    } catch (IOException e) {
      // It ended, or is another user's.
    }
  }

  private List<Path> all() throws IOException {
    List<Path> processes = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(proc, "[0-9]*")) {
      entries.forEach(processes::add);
    }
    return processes;
  }

  private static String target(Path link) {
    try {
      return Files.readSymbolicLink(link).toString();
    } catch (IOException e) {
      return "";
    }
  }

  /** How a process is called where users read of it, such as {@code dd (process 17)}. */
  public static String name(long pid) {
    return name(Path.of("/proc", Long.toString(pid)));
  }

  /** Whoever names a process decides what is in its name: only what fits one line is shown. */
  private static String name(Path process) {
    String number = "process " + process.getFileName();
    try {
      String command = String.join("", ProcFs.lines(process.resolve("comm")));
      return "%s (%s)".formatted(command.replaceAll("[^ -~]", "?"), number);
    } catch (IOException e) {
      return number + ", which has ended";
    }
  }
}
