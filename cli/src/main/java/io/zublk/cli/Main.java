package io.zublk.cli;

import io.zublk.daemon.UserException;
import io.zublk.uring.sys.Processes;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.UsageMessageSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.ScopeType;

/** The {@code zublk} command. */
@Command(
    name = "zublk",
    description = "A compressed RAM block device served from userspace.",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    synopsisSubcommandLabel = "COMMAND",
    scope = ScopeType.INHERIT,
    sortOptions = false,
    exitCodeListHeading = "Exit status:%n",
    exitCodeList = {
      "0:done",
      "1:it failed; one line says what, why, and what to do",
      "2:the command line is wrong, whatever the machine; nothing was done"
    },
    footerHeading = "Run directory:%n",
    footer =
        "Devices are written down, and found, in $ZUBLK_RUN_DIR if that is set, else in /run/zublk "
            + "for root, else in $XDG_RUNTIME_DIR/zublk, else in /tmp/zublk-UID.")
public final class Main {

  /** All commands, in the order of their help. */
  private static final Map<String, Class<?>> COMMANDS = new LinkedHashMap<>();

  static {
    COMMANDS.put("create", CreateCommand.class);
    COMMANDS.put("recover", RecoverCommand.class);
    COMMANDS.put("abandon", AbandonCommand.class);
    COMMANDS.put("upgrade", UpgradeCommand.class);
    COMMANDS.put("list", ListCommand.class);
    COMMANDS.put("stat", StatCommand.class);
    COMMANDS.put("find", FindCommand.class);
    COMMANDS.put("set", SetCommand.class);
    COMMANDS.put("compact", CompactCommand.class);
    COMMANDS.put("reset", ResetCommand.class);
    COMMANDS.put("resize", ResizeCommand.class);
    COMMANDS.put("remove", RemoveCommand.class);
    COMMANDS.put("save", SaveCommand.class);
    COMMANDS.put("doctor", DoctorCommand.class);
    COMMANDS.put("bench", BenchCommand.class);
    COMMANDS.put("tune", TuneCommand.class);
    COMMANDS.put("help", HelpCommand.class);
  }

  /** Commands that look at the others, or run them. */
  private static final Set<String> NEED_OTHERS = Set.of("help", "find");

  @Option(
      names = "--debug",
      scope = ScopeType.INHERIT,
      description = "Shows where a failure comes from.")
  private boolean debug;

  /** Where this process prints; null if it runs commands for another one's sake, or in tests. */
  private final StandardOutput output;

  /** Whether the one line on what went wrong is out. */
  private boolean explained;

  private Main(StandardOutput output) {
    this.output = output;
  }

  /** Runs one command and exits with its status. */
  public static void main(String[] arguments) {
    Main main = new Main(new StandardOutput());
    int status = main.asCommand(arguments).setOut(main.output.writer()).execute(arguments);
    System.exit(main.statusOnceTaken(status));
  }

  /**
   * The command for a process that goes on after it, with an output of its own.
   *
   * @param arguments what it will run, if that is known
   */
  static CommandLine commandLine(String... arguments) {
    return new Main(null).asCommand(arguments);
  }

  /**
   * @param arguments what it is for: picocli needs 50 ms to learn all commands, so it learns no
   *     other than the first word's, if that is one
   */
  private CommandLine asCommand(String... arguments) {
    CommandLine line = new CommandLine(this);
    COMMANDS.forEach((name, type) -> {
      if (!isAlone(arguments) || name.equals(arguments[0])) {
        line.addSubcommand(name, type);
      }
    });
    line.setCaseInsensitiveEnumValuesAllowed(true)
        .setParameterExceptionHandler(this::explainUsage)
        .setExecutionExceptionHandler(this::explainFailure);
    explainMore(line, "list", Column::help);
    explainMore(line, "stat", StatField::help);
    return line;
  }

  private static boolean isAlone(String... arguments) {
    return arguments.length > 0
        && COMMANDS.containsKey(arguments[0])
        && !NEED_OTHERS.contains(arguments[0]);
  }

  /** A command whose answer was not taken has failed. */
  private int statusOnceTaken(int status) {
    try {
      output.requireTaken();
      return status;
    } catch (UserException e) {
      if (!explained) {
        explain(
            UserException.lineFor(e),
            e,
            new PrintWriter(System.err, false, StandardCharsets.UTF_8));
      }
      return status == ExitCode.OK ? ExitCode.SOFTWARE : status;
    }
  }

  /** Lets a command's help go on with a text that is made only then. */
  private static void explainMore(CommandLine line, String command, Supplier<String> text) {
    CommandLine known = line.getSubcommands().get(command);
    if (known != null) {
      known
          .getHelpSectionMap()
          .computeIfPresent(
              UsageMessageSpec.SECTION_KEY_FOOTER,
              (_, footer) -> help -> footer.render(help) + text.get());
    }
  }

  private int explainUsage(ParameterException e, String[] arguments) {
    explain(Usage.explain(e), e, e.getCommandLine().getErr());
    return ExitCode.USAGE;
  }

  private int explainFailure(Exception e, CommandLine command, ParseResult parsed) {
    explain(UserException.lineFor(e), e, command.getErr());
    return ExitCode.SOFTWARE;
  }

  private void explain(String line, Exception e, PrintWriter err) {
    explained = true;
    if (isToldToEnd()) {
      return;
    }
    err.println("zublk: " + line);
    if (debug) {
      e.printStackTrace(err);
    }
    err.flush();
  }

  /** Whether a signal ends this process: who sent it knows why the command comes to nothing. */
  private static boolean isToldToEnd() {
    try {
      Runtime.getRuntime().removeShutdownHook(new Thread());
      return false;
    } catch (IllegalStateException e) {
      return true;
    }
  }

  /**
   * Ends this process, its command done, while a child lives on; the JVM's own exit would wait for
   * the thread that waits for the child. Returns if this process goes on after the command.
   *
   * @throws UserException if not all that was printed was taken
   */
  void endBesideChild() {
    endBesideChild(ExitCode.OK);
  }

  /** As {@link #endBesideChild()}, of children some of which may not have come to live. */
  void endBesideChild(int status) {
    if (output != null) {
      output.requireTaken();
      System.err.flush();
      Processes.exit(status);
    }
  }

  boolean debug() {
    return debug;
  }
}
