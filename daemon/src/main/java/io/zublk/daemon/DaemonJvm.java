package io.zublk.daemon;

import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** How the JVM of a device's process is started: the one place for its flags, with the reasons. */
final class DaemonJvm {

  /**
   * The heap, fixed. 3 MB of it live after a start; the I/O path allocates nothing, and a control
   * command some hundred kilobytes that are garbage when it is answered.
   */
  private static final long HEAP_BYTES = 16 << 20;

  private DaemonJvm() {}

  /** The command line for {@code mainClass} with this JVM's own class path. */
  static List<String> command(Class<?> mainClass, RunDir runDir, List<String> arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(flags(runDir));
    command.add("-cp");
    command.add(absoluteClassPath());
    command.add(mainClass.getName());
    command.addAll(arguments);
    return command;
  }

  private static List<String> flags(RunDir runDir) {
    return List.of(
        "-Xms" + HEAP_BYTES,
        "-Xmx" + HEAP_BYTES,
        // One small heap: a parallel collector would only add threads and card tables.
        "-XX:+UseSerialGC",
        // A device that backs swap must not fault its own heap in while it makes room.
        "-XX:+AlwaysPreTouch",
        // A process that lacks memory ends at once, and its store file keeps the data; a process
        // that limps on would hang its clients.
        "-XX:+ExitOnOutOfMemoryError",
        // No file in /tmp, and no page of it to fault.
        "-XX:-UsePerfData",
        // Where to look after a crash of the JVM itself; the default is the working directory.
        "-XX:ErrorFile=" + crashReport(runDir, "%p"),
        // Buffers of NBD connections; the limit that comes with a small heap would be too low.
        "-XX:MaxDirectMemorySize=" + (NbdTransport.maxDirectMemoryBytes() + HEAP_BYTES),
        // Reserved address space, not memory; generous for two transports and three codecs.
        "-XX:ReservedCodeCacheSize=64m",
        "-XX:MaxMetaspaceSize=64m",
        "-Xss512k",
        // In the foreground, standard output is the device's path and nothing else.
        "-Xlog:disable",
        "-Xlog:all=warning:stderr",
        // System calls and native codecs are called through FFM.
        "--enable-native-access=ALL-UNNAMED");
  }

  /** Where the JVM with this pid says why it crashed. */
  static Path crashReport(RunDir runDir, String pid) {
    return runDir.path().resolve("crash-" + pid + ".log");
  }

  private static String absoluteClassPath() {
    return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator, -1))
        .map(entry -> Path.of(entry).toAbsolutePath().toString())
        .collect(Collectors.joining(File.pathSeparator));
  }
}
