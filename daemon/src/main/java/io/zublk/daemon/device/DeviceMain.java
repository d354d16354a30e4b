package io.zublk.daemon.device;

import io.zublk.daemon.DeviceConfig;
import io.zublk.daemon.Json;
import io.zublk.daemon.SaveFile;
import io.zublk.daemon.transport.Transports;
import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.Processes;
import java.io.IOException;
import java.util.List;
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

  /** Followed by the name of the {@link SaveFile} that the new device is made of. */
  public static final String RESTORE = "restore=";

  private DeviceMain() {}

  /**
   * Serves one device until it is removed or the process is told to end.
   *
   * @param arguments the {@link DeviceConfig} as JSON, a mode, {@link #DEBUG} or not, and at most
   *     one of {@link #RECOVER} and {@link #RESTORE}
   */
  public static void main(String[] arguments) throws IOException {
    Processes.makeFilesPrivate();
    List<String> modes = List.of(arguments).subList(1, arguments.length);
    DeviceConfig config = Json.record(DeviceConfig.class, arguments[0]);
    Reporter reporter = reporter(modes);
    DeviceProcess process = process(config, modes, reporter);
    boolean[] clean = new boolean[1];
    CountDownLatch finished = new CountDownLatch(1);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> end(process, finished, clean)));
    try {
      if (modes.contains(BACKGROUND)) {
        leaveSession();
      }
      clean[0] = process.run();
    } finally {
      finished.countDown(); // whatever was thrown: the hook waits for this
      System.exit(0); // the hook decides on the status
    }
  }

  /**
   * Runs when a signal arrives, and when the main thread is done. A signal is an orderly way to end
   * a device, so it makes status 0, which {@code System.exit} could not bring about from here.
   */
  private static void end(DeviceProcess process, CountDownLatch finished, boolean[] clean) {
    process.stop("signal");
    try {
      finished.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    Runtime.getRuntime().halt(clean[0] ? 0 : 1);
  }

  private static DeviceProcess process(DeviceConfig config, List<String> modes, Reporter reporter) {
    if (modes.contains(RECOVER)) {
      return DeviceProcess.recovering(config, new Transports(), reporter);
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
