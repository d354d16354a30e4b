package io.zublk.cli;

import io.zublk.daemon.UserException;
import io.zublk.uring.sys.Processes;
import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.ScopeType;

/** The {@code zublk} command. Exit status: 0 done, 1 failed, 2 not understood. */
@Command(
    name = "zublk",
    description = "A compressed RAM block device served from userspace.",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    synopsisSubcommandLabel = "COMMAND",
    scope = ScopeType.INHERIT,
    sortOptions = false,
    subcommands = {
      CreateCommand.class,
      ListCommand.class,
      StatCommand.class,
      RemoveCommand.class,
      DoctorCommand.class,
      BenchCommand.class,
      TuneCommand.class,
      CommandLine.HelpCommand.class
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
    return new CommandLine(main)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setParameterExceptionHandler(Main::explainUsage)
        .setExecutionExceptionHandler(main::explainFailure);
  }

  private static int explainUsage(ParameterException e, String[] arguments) {
    CommandLine command = e.getCommandLine();
    String message = e.getMessage().replaceAll("\\s*\\R\\s*", " ");
    command
        .getErr()
        .printf("zublk: %s; see '%s --help'%n", message, command.getCommandSpec().qualifiedName());
    command.getErr().flush();
    return ExitCode.USAGE;
  }

  private int explainFailure(Exception e, CommandLine command, ParseResult parsed) {
    PrintWriter err = command.getErr();
    err.println("zublk: " + UserException.lineFor(e));
    if (debug) {
      e.printStackTrace(err);
    }
    err.flush();
    return ExitCode.SOFTWARE;
  }

  /** Tells that a child outlives this process, which has no more to do than to end. */
  void childStays() {
    childStays = true;
  }

  boolean debug() {
    return debug;
  }
}
