package io.zublk.cli;

import io.zublk.daemon.DeviceConfig;
import io.zublk.daemon.DeviceLauncher;
import io.zublk.daemon.Devices;
import io.zublk.daemon.Json;
import io.zublk.daemon.ReadyDevice;
import io.zublk.daemon.SizeExpression;
import io.zublk.daemon.TransportKind;
import io.zublk.daemon.UserException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;

/** {@code zublk create}. */
@Command(
    name = "create",
    description = "Starts a device in the background and prints its path or URI.")
final class CreateCommand implements Callable<Integer> {

  @ParentCommand private Main main;

  @Spec private CommandSpec spec;

  @Option(
      names = {"-s", "--size"},
      required = true,
      paramLabel = "SIZE",
      converter = Usage.Size.class,
      description =
          "Size: 4G, 512M, or an expression such as 'min(ram/2, 8G)'. A number without K, M, G or T"
              + " counts bytes; ram is the machine's memory, or the memory cgroup's.")
  private long size;

  @Option(
      names = "--id",
      paramLabel = "N",
      description = "The device's id; default: the lowest free one.")
  private Integer id;

  @Option(
      names = {"-a", "--algorithm"},
      paramLabel = "ALG",
      defaultValue = "lz4",
      completionCandidates = Algorithms.class,
      converter = Algorithms.Converter.class,
      description =
          "lz4, line, line+lz4, line+zstd, line+zstd(level=N), zstd, zstd(level=N), none, or auto:"
              + " line+lz4 where the CPU suits it, else lz4 if it can be had, else zstd; default:"
              + " ${DEFAULT-VALUE}. line+lz4 takes for each page the one that suits it, but lz4 for"
              + " all until the process has compiled its vectors (line_coder of stat), in about a"
              + " second; those pages stay lz4 until they are written again.")
  private String algorithm;

  @Option(
      names = "--transport",
      paramLabel = "HOW",
      defaultValue = "auto",
      description = "ublk, nbd, or auto: ublk where it can be had, else nbd; default: auto.")
  private TransportKind transport;

  @Mixin private NbdServerOptions nbd;

  @Option(
      names = "--mem-limit",
      paramLabel = "SIZE",
      converter = Usage.Size.class,
      description =
          "The most memory the data may take, overhead included; default: what a memory cgroup"
              + " leaves, else no limit.")
  private long memLimit;

  @Mixin private PerformanceOptions performance;

  @Option(
      names = {"-f", "--foreground"},
      description = "Serves from this process, until it is told to end.")
  private boolean foreground;

  @Option(names = "--json", description = "Prints what was made as a JSON object.")
  private boolean json;

  @Override
  public Integer call() {
    String runDir = Devices.ofEnvironment().runDir().toString();
    DeviceConfig config = Usage.checked(spec, () -> config(runDir));
    DeviceLauncher launcher = new DeviceLauncher(config, main.debug(), this::notice);
    if (foreground) {
      launcher.replaceThisProcess(json);
    }
    launcher.start(DeviceLauncher.START_LIMIT, this::announce);
    return 0;
  }

  /** Checks what was parsed as far as it can be without the machine. */
  static void check(ParseResult parsed) {
    ParseResult create = parsed.subcommand();
    CreateCommand command = (CreateCommand) create.commandSpec().userObject();
    Usage.checked(create.commandSpec(), () -> command.config(""));
  }

  private void announce(ReadyDevice device) {
    SizeExpression.doubt(writtenSize(), size).ifPresent(this::notice);
    spec.commandLine().getOut().println(json ? Json.line(device.members()) : device.path());
    main.endBesideChild();
  }

  private String writtenSize() {
    return spec.commandLine()
        .getParseResult()
        .matchedOption("--size")
        .originalStringValues()
        .getFirst();
  }

  private DeviceConfig config(String runDir) {
    return new DeviceConfig(
        runDir,
        id == null ? DeviceConfig.ANY_ID : atLeast(0, "--id", id),
        size,
        algorithm,
        memLimit,
        transport,
        nbd.config(),
        performance.config());
  }

  private static int atLeast(int least, String option, int value) {
    if (value < least) {
      throw new UserException("%s %d: must be at least %d".formatted(option, value, least));
    }
    return value;
  }

  private void notice(String line) {
    spec.commandLine().getErr().println("zublk: " + line);
    spec.commandLine().getErr().flush();
  }
}
