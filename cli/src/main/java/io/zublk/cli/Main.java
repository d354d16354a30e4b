package io.zublk.cli;

import io.zublk.daemon.UserException;
import io.zublk.uring.sys.Processes;
import java.io.PrintWriter;
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
    subcommands = {
      CreateCommand.class,
      ListCommand.class,
      StatCommand.class,
      RemoveCommand.class,
      DoctorCommand.class,
      BenchCommand.class,
      TuneCommand.class,
      HelpCommand.class
    })
public final class Main {

  @Option(
      names = "--debug",
      scope = ScopeType.INHERIT,
      description = "Shows where a failure comes from.")
  private boolean debug;

  /** Whether a child has been started that outlives this process. */
  private boolean childStays;

  private Main() {}

  /** Runs one command and exits with its status. */
  public static void main(String[] arguments) {
    CommandLine line = commandLine();
    int status = line.execute(arguments);
    if (line.<Main>getCommand().childStays) {
      // The JVM's own exit would wait for the thread that waits for the child.
      System.out.flush();
      System.err.flush();
      Processes.exit(status);
    }
    System.exit(status);
  }

  static CommandLine commandLine() {
    Main main = new Main();
    CommandLine line =
        new CommandLine(main)
            .setCaseInsensitiveEnumValuesAllowed(true)
            .setParameterExceptionHandler(main::explainUsage)
            .setExecutionExceptionHandler(main::explainFailure);
    explainMore(line, "list", Column::help);
    explainMore(line, "stat", StatField::help);
    return line;
  }

  /** Lets a command's help end with a text that is made only then. */
  private static void explainMore(CommandLine line, String command, Supplier<String> text) {
    line.getSubcommands()
        .get(command)
        .getHelpSectionMap()
        .put(UsageMessageSpec.SECTION_KEY_FOOTER, _ -> text.get());
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
    err.println("zublk: " + line);
    if (debug) {
      e.printStackTrace(err);
    }
    err.flush();
  }

  /** Tells that a child outlives this process, which has no more to do than to end. */
  void childStays() {
    childStays = true;
  }

  boolean debug() {
    return debug;
  }
}
