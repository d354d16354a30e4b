package io.zublk.daemon;

import java.util.List;

/** The user's own options for the JVMs that do the work: of devices, bench and tune. */
public final class JavaOptions {

  /**
   * Blanks between options. The JVM's own variables, JAVA_TOOL_OPTIONS and the like, are meant for
   * other programs as well and are taken away by the launcher.
   */
  public static final String VARIABLE = "ZUBLK_JAVA_OPTIONS";

  private JavaOptions() {}

  /** The options of this process's environment. */
  public static List<String> ofEnvironment() {
    String options = System.getenv().getOrDefault(VARIABLE, "").strip();
    return options.isEmpty() ? List.of() : List.of(options.split("\\s+", -1));
  }
}
