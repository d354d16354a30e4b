package io.zublk.cli;

import io.zublk.daemon.Device;
import io.zublk.daemon.DeviceConfig;
import io.zublk.daemon.DeviceLauncher;
import io.zublk.daemon.Devices;
import io.zublk.daemon.OnCrash;
import io.zublk.daemon.ReadyDevice;
import io.zublk.daemon.SaveFile;
import io.zublk.daemon.SizeExpression;
import io.zublk.daemon.TransportKind;
import io.zublk.daemon.UserException;
import io.zublk.store.SavedDevice;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.ArgSpec;
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
      paramLabel = "SIZE",
      converter = Usage.Size.class,
      description =
          "Size, needed but with --restore: 4G, 512M, or an expression such as 'min(ram/2, 8G)'. A number without K, M, G or T"
              + " counts bytes; ram is the machine's memory, or the memory cgroup's.")
  private Long size;

  @Option(
      names = "--id",
      paramLabel = "N",
      description = "The device's id; default: the lowest free one.")
  private Integer id;

  @Option(
      names = "--recover",
      description =
          "If a device with this --id died, takes that into service again, as it was, whatever else"
              + " is asked for; else makes one, if a --size is given.")
  private boolean recover;

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
      description =
          "ublk, nbd, vhost (a disk for virtual machines), or auto: ublk where it can be had, else"
              + " nbd; default: auto.")
  private TransportKind transport;

  @Mixin private ServerOptions server;

  @Option(
      names = "--mem-limit",
      paramLabel = "SIZE",
      converter = Usage.Size.class,
      description =
          "The most memory the data may take, overhead included; default: what a memory cgroup"
              + " leaves, else no limit.")
  private long memLimit;

  @Option(
      names = "--restore",
      paramLabel = "FILE",
      description =
          "Begins with what 'zublk save' wrote into FILE. Size and algorithm are those of the device"
              + " that was saved, unless they are given: a greater size, an algorithm for what is"
              + " written from now on. The device serves once all of FILE was read and found right.")
  private String restore;

  @Option(
      names = "--swap",
      description = {
        "Makes a device that this machine may swap to: its process never waits for memory. Needs"
            + " ublk, Linux 6.4 and root's capabilities; takes memory for that, see docs/swap.md."
      })
  private boolean swap;

  @Mixin private PerformanceOptions performance;

  @Option(
      names = "--on-crash",
      paramLabel = "WHAT",
      description =
          "If the process of a device in the background dies: recover, which has another one serve"
              + " what it holds, but gives up after 5 times in a minute, or keep, which leaves it dead"
              + " until 'zublk recover'; default: recover.")
  private OnCrash onCrash;

  @Option(
      names = "--standby",
      description =
          "Has a second process of the device started and waiting, which goes on within a fraction of a"
              + " second when the first dies; at the price of its memory (docs/performance.md). With --swap, also while"
              + " there is no memory left.")
  private boolean standby;

  @Option(
      names = {"-f", "--foreground"},
      description = "Serves from this process, until it is told to end.")
  private boolean foreground;

  @Option(names = "--json", description = "Prints what was made as a JSON object.")
  private boolean json;

  @Override
  public Integer call() {
    Devices devices = Devices.ofEnvironment();
    requireWhatIsNeeded();
    StartedDevice started = new StartedDevice(main, spec.commandLine(), json);
    Optional<Device> dead = recover ? devices.recoverable(id) : Optional.empty();
    if (dead.isPresent()) {
      start(
          DeviceLauncher.toRecover(dead.get(), main.debug(), started::notice),
          device -> {
            otherSize(device).ifPresent(started::notice);
            started.announce(device);
          });
    } else if (size == null && restore == null) {
      throw new UserException(
          "there is no dead device %d in %s to recover; --size makes a new one"
              .formatted(id, devices.runDir()));
    } else {
      start(
          toCreate(devices.runDir().toString(), started::notice),
          device -> {
            if (size != null) {
              SizeExpression.doubt(writtenSize(), size).ifPresent(started::notice);
            }
            started.announce(device);
          });
    }
    return 0;
  }

  private DeviceLauncher toCreate(String runDir, Consumer<String> notices) {
    if (restore == null) {
      DeviceConfig config = Usage.checked(spec, () -> config(runDir, null));
      return DeviceLauncher.toCreate(config, main.debug(), notices);
    }
    SaveFile file = new SaveFile(restore);
    SavedDevice before = file.device();
    DeviceConfig config = Usage.checked(spec, () -> config(runDir, before));
    return DeviceLauncher.toRestore(file, config, main.debug(), notices);
  }

  private void start(DeviceLauncher launcher, Consumer<ReadyDevice> announce) {
    if (foreground) {
      launcher.replaceThisProcess(json);
    }
    launcher.start(launcher.startLimit(), announce);
  }

  private void requireWhatIsNeeded() {
    if (recover && id == null) {
      throw missing("--id");
    }
    if (!recover && size == null && restore == null) {
      throw missing("--size");
    }
  }

  private MissingParameterException missing(String option) {
    ArgSpec argument = spec.findOption(option);
    return new MissingParameterException(
        spec.commandLine(),
        argument,
        "Missing required option: '%s=%s'".formatted(option, argument.paramLabel()));
  }

  private Optional<String> otherSize(ReadyDevice recovered) {
    return size == null || size == recovered.size()
        ? Optional.empty()
        : Optional.of(
            "device %d has the size it was made with, %s"
                .formatted(recovered.id(), Bytes.human(recovered.size())));
  }

  /** Checks what was parsed as far as it can be without the machine. */
  static void check(ParseResult parsed) {
    ParseResult create = parsed.subcommand();
    CreateCommand command = (CreateCommand) create.commandSpec().userObject();
    Usage.checked(create.commandSpec(), () -> command.config("", null));
  }

  private String writtenSize() {
    return spec.commandLine()
        .getParseResult()
        .matchedOption("--size")
        .originalStringValues()
        .getFirst();
  }

  private DeviceConfig config(String runDir, SavedDevice saved) {
    return new DeviceConfig(
        runDir,
        id == null ? DeviceConfig.ANY_ID : atLeast(0, "--id", id),
        sizeBytes(saved),
        saved == null || isGiven("--algorithm") ? algorithm : saved.packing().toString(),
        memLimit,
        transport,
        server.nbd(transport),
        performance.config(),
        onCrash(),
        swap,
        standby,
        server.vhost(transport),
        null);
  }

  private OnCrash onCrash() {
    if (foreground && standby) {
      throw new UserException(
          "--standby: about a device in the background; who starts one in the foreground starts it"
              + " again, with --recover");
    }
    if (foreground && onCrash == OnCrash.RECOVER) {
      throw new UserException(
          "--on-crash recover: about a device in the background; who starts one in the foreground"
              + " starts it again, with --recover");
    }
    return foreground ? OnCrash.KEEP : onCrash;
  }

  private long sizeBytes(SavedDevice saved) {
    if (saved == null) {
      return size;
    }
    if (size != null && size < saved.sizeBytes()) {
      throw new UserException(
          "--size %d: %s holds a device of %d bytes; it may only be larger"
              .formatted(size, restore, saved.sizeBytes()));
    }
    return size == null ? saved.sizeBytes() : size;
  }

  private boolean isGiven(String option) {
    return spec.commandLine().getParseResult().hasMatchedOption(option);
  }

  private static int atLeast(int least, String option, int value) {
    if (value < least) {
      throw new UserException("%s %d: must be at least %d".formatted(option, value, least));
    }
    return value;
  }
}
