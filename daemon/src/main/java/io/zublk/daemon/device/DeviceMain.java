package io.zublk.daemon.device;

import io.zublk.daemon.DeviceConfig;
import io.zublk.daemon.Json;
import io.zublk.daemon.SaveFile;
import io.zublk.daemon.registry.DeviceDir;
import io.zublk.daemon.registry.Keepers;
import io.zublk.daemon.registry.RunDir;
import io.zublk.daemon.transport.Transports;
import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.Processes;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;

/** The program of a device's process. {@code DeviceLauncher} starts it; users do not. */
public final class DeviceMain {

  /** Runs detached from the terminal, and reports over its standard output. */
  public static final String BACKGROUND = "background";

  /** Runs in the terminal's session, and reports to it. */
  public static final String FOREGROUND = "foreground";

  /** As {@link #FOREGROUND}, with JSON on standard output. */
  public static final String FOREGROUND_JSON = "foreground-json";

  public static final String DEBUG = "debug";

  /** Serves what a dead process has left, instead of a new device. */
  public static final String RECOVER = "recover";

  /** Goes on for the process that serves the device now. */
  public static final String UPGRADE = "upgrade";

  /** Followed by the name of the {@link SaveFile} that the new device is made of. */
  public static final String RESTORE = "restore=";

  /** As {@link #RECOVER}, for the device of the keeper that started this process. */
  public static final String AGAIN = "again";

  /** As {@link #AGAIN}, but waits for the device's death first. */
  public static final String STANDBY = "standby";

  /** Says that nobody serves the device of this keeper any more. */
  public static final String ABANDON = "abandon";

  /** Ended in order. */
  private static final int DONE = 0;

  /** It did not serve, or died. */
  private static final int FAILED = 1;

  /**
   * As {@link #FAILED} in the background, when nothing is left that a keeper could keep.
   * EX_UNAVAILABLE (sysexits.h): a JVM that does not even start ends with 1.
   */
  private static final int GONE = 69;

  private static final String GAVE_UP = "its keeper gave up after 5 restarts in a minute";

  private DeviceMain() {}

  /**
   * Serves one device until it is removed or the process is told to end.
   *
   * @param arguments the {@link DeviceConfig} as JSON, a mode, {@link #DEBUG} or not, and what to
   *     do if not to make an empty device
   */
  public static void main(String[] arguments) throws IOException {
    Processes.makeFilesPrivate();
    List<String> modes = List.of(arguments).subList(1, arguments.length);
    DeviceConfig config = Json.record(DeviceConfig.class, arguments[0]);
    if (modes.contains(AGAIN) || modes.contains(STANDBY) || modes.contains(ABANDON)) {
      Optional<DeviceDir> kept = Keepers.ownDevice(new RunDir(Path.of(config.runDir())));
      if (kept.isEmpty()) {
        System.exit(GONE);
      }
      if (modes.contains(ABANDON)) {
        Abandonment.of(kept.get(), GAVE_UP);
        System.exit(DONE);
      }
      config = config.withId(kept.get().id());
    }
    serve(config, modes);
  }

  private static void serve(DeviceConfig config, List<String> modes) {
    DeviceProcess process = process(config, modes, reporter(modes));
    int[] status = {FAILED};
    CountDownLatch finished = new CountDownLatch(1);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> end(process, finished, status)));
    try {
      if (modes.contains(BACKGROUND)) {
        leaveSession();
      }
      boolean clean = process.run();
      boolean isGone = modes.contains(BACKGROUND) && !process.isKept();
      status[0] = clean ? DONE : isGone ? GONE : FAILED;
    } finally {
      finished.countDown(); // whatever was thrown: the hook waits for this
      System.exit(0); // the hook decides on the status
    }
  }

  /**
   * Runs when a signal arrives, and when the main thread is done. A signal is an orderly way to end
   * a device, so it makes status 0, which {@code System.exit} could not bring about from here.
   */
  private static void end(DeviceProcess process, CountDownLatch finished, int[] status) {
    process.stop("signal");
    try {
      finished.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    Runtime.getRuntime().halt(status[0]);
  }

  private static DeviceProcess process(DeviceConfig config, List<String> modes, Reporter reporter) {
    if (modes.contains(STANDBY)) {
      return DeviceProcess.standingBy(config, new Transports(), reporter);
    }
    if (modes.contains(RECOVER) || modes.contains(AGAIN)) {
      return DeviceProcess.recovering(config, new Transports(), reporter);
    }
    if (modes.contains(UPGRADE)) {
      return DeviceProcess.upgrading(config, new Transports(), reporter);
    }
    return modes.stream()
        .filter(mode -> mode.startsWith(RESTORE))
        .map(mode -> new SaveFile(mode.substring(RESTORE.length())))
        .findFirst()
        .map(file -> DeviceProcess.restoring(file, config, new Transports(), reporter))
        .orElseGet(() -> DeviceProcess.creating(config, new Transports(), reporter));
  }

  private static Reporter reporter(List<String> modes) {
    return modes.contains(BACKGROUND)
        ? new PipeReporter()
        : new ConsoleReporter(modes.contains(FOREGROUND_JSON), modes.contains(DEBUG));
  }

  private static void leaveSession() {
    try {
      Processes.leaveSession();
    } catch (LinuxException e) {
      // Already the leader of a session, which is all that was wanted.
    }
  }
}
