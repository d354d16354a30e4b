package io.zublk.cli;

import io.zublk.daemon.JavaOptions;
import io.zublk.daemon.UserException;
import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.Processes;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;

/**
 * Commands run in a JVM that starts quickly and never optimises; what is measured must not. This
 * runs the same command again in a JVM like that of a device's process.
 */
final class MeasuringJvm {

  private static final String MARK = "zublk.measuring";

  private MeasuringJvm() {}

  /**
   * Returns in the right JVM; in another one it turns the process into the right one.
   *
   * @param jvmOptions what it needs beside those that all measurements have
   */
  static void ensure(CommandLine command, List<String> jvmOptions) {
    if (System.getProperty(MARK) != null) {
      return;
    }
    CommandLine root = command;
    while (root.getParent() != null) {
      root = root.getParent();
    }
    List<String> java = new ArrayList<>();
    java.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    java.addAll(
        List.of(
            "-D" + MARK + "=true",
            "-Xmx256m",
            "-XX:+UseSerialGC",
            "-XX:-UsePerfData",
            "-Xlog:disable",
            "-Xlog:all=warning:stderr",
            "--enable-native-access=ALL-UNNAMED"));
    java.addAll(jvmOptions);
    java.addAll(JavaOptions.ofEnvironment());
    java.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
    java.addAll(root.getParseResult().originalArgs());
    try {
      Processes.replace(java, System.getenv());
    } catch (LinuxException e) {
      throw new UserException("cannot start a JVM to measure in: " + e.getMessage(), e);
    }
  }
}
