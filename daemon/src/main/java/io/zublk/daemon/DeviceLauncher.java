package io.zublk.daemon;

import io.zublk.block.Threads;
import io.zublk.daemon.device.DeviceMain;
import io.zublk.daemon.device.PipeReporter;
import io.zublk.daemon.launch.DaemonJvm;
import io.zublk.daemon.launch.JvmWords;
import io.zublk.daemon.launch.MemoryRoom;
import io.zublk.daemon.machine.SwapProtections;
import io.zublk.daemon.registry.RunDir;
import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.Processes;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** Starts a device's process, and stays with it until it serves or is gone. */
public final class DeviceLauncher {

  /** A start takes half a second on a real machine and ten in an emulated one under load. */
  public static final Duration START_LIMIT = Duration.ofMinutes(2);

  /** What the slowest disk reads of a file in a second. */
  private static final long READ_BYTES_PER_SECOND = 5 << 20;

  /** How long a process that is told to stop may take to undo what it did so far. */
  private static final Duration STOP_LIMIT = Duration.ofSeconds(20);

  /**
   * How long the end of a process that has said why it fails is waited for: it takes milliseconds.
   */
  private static final Duration END_LIMIT = Duration.ofSeconds(5);

  private static final Duration STOP_INTERVAL = Duration.ofMillis(20);

  /** The program that keeps devices; not set where there is no distribution, as in tests. */
  private static final String KEEPER = System.getProperty("zublk.keeper");

  private final DeviceConfig config;

  /** Whether the device has been there before: then nothing of it goes when its start fails. */
  private final boolean recovers;

  private final boolean debug;
  private final Consumer<String> notices;
  private SaveFile saved; // null: the device begins empty
  private boolean upgrades; // a device that another process serves

  /** Said once the device serves: a failure is one line, whatever was noticed before. */
  private final List<String> early = new ArrayList<>();

  /** Guards the two below, of which at most one ever becomes true. */
  private final Object fate = new Object();

  private boolean announced;
  private boolean interrupted;

  private DeviceLauncher(
      DeviceConfig config, boolean recovers, boolean debug, Consumer<String> notices) {
    this.config = config;
    this.recovers = recovers;
    this.debug = debug;
    this.notices = notices;
  }

  /**
   * Prepares to make a device.
   *
   * @param notices takes what the user should know beside success or failure, a line at a time
   */
  public static DeviceLauncher toCreate(
      DeviceConfig asked, boolean debug, Consumer<String> notices) {
    List<String> early = new ArrayList<>();
    DeviceConfig config = MemoryRoom.forDevice(asked).settle(asked, early::add);
    config.nbd().warning().ifPresent(early::add);
    DeviceLauncher launcher = new DeviceLauncher(config, false, debug, notices);
    launcher.early.addAll(early);
    return launcher;
  }

  /** Prepares to make a device that begins with what a file holds. */
  public static DeviceLauncher toRestore(
      SaveFile file, DeviceConfig asked, boolean debug, Consumer<String> notices) {
    DeviceLauncher launcher = toCreate(asked, debug, notices);
    launcher.saved = file;
    return launcher;
  }

  /**
   * Prepares to take a dead device into service again, as it was.
   *
   * @throws UserException if there is nothing to recover
   */
  public static DeviceLauncher toRecover(Device dead, boolean debug, Consumer<String> notices) {
    return new DeviceLauncher(dead.recoverable(), true, debug, notices);
  }

  /** Prepares to have a new process go on for the one that serves a device. */
  static DeviceLauncher toUpgrade(DeviceConfig serving, boolean debug, Consumer<String> notices) {
    DeviceLauncher launcher = new DeviceLauncher(serving, true, debug, notices);
    launcher.upgrades = true;
    return launcher;
  }

  /** How long the device may take until it serves. */
  public Duration startLimit() {
    return saved == null
        ? START_LIMIT
        : START_LIMIT.plusSeconds(saved.bytes() / READ_BYTES_PER_SECOND);
  }

  /**
   * Turns this process into the device's process, which then reports to the terminal. Returns only
   * by throwing.
   *
   * @param json whether it prints what it made as JSON
   */
  public void replaceThisProcess(boolean json) {
    early.forEach(notices);
    // Who started this process starts it again; there is nobody else who could.
    String mode = json ? DeviceMain.FOREGROUND_JSON : DeviceMain.FOREGROUND;
    if (config.swap()) {
      SwapProtections.prepareThread();
    }
    try {
      Processes.replace(command(mode), System.getenv());
    } catch (LinuxException e) {
      throw new UserException("cannot start the device's JVM: " + e.getMessage(), e);
    }
  }

  /**
   * Starts the device in the background. One that is made stays if {@code announce} has returned
   * before anybody told this process to end; else nothing is left of it. No signal finds a moment
   * between the two. One that is recovered is left to its process, whatever becomes of this one.
   *
   * @param limit how long it may take until it serves; then it is ended
   * @param announce tells the user of the device; if it throws, the user does not know of it
   * @throws UserException if it does not stay
   */
  public void start(Duration limit, Consumer<ReadyDevice> announce) {
    CompletableFuture<Process> starting = new CompletableFuture<>();
    // Registered before there is a process, so that there is no moment at which one is forgotten.
    Thread onInterrupt = new Thread(() -> endUnlessAnnounced(starting));
    register(onInterrupt);
    try {
      Process process = spawn(starting);
      announce(process, awaitOutcome(process, limit), announce);
    } finally {
      forget(onInterrupt);
    }
  }

  private void register(Thread hook) {
    try {
      Runtime.getRuntime().addShutdownHook(hook);
    } catch (IllegalStateException e) {
      throw interrupted(e);
    }
  }

  private UserException interrupted(Exception cause) {
    return new UserException(
        "interrupted while starting the device" + (recovers ? "; its process goes on" : ""), cause);
  }

  private void announce(Process process, ReadyDevice device, Consumer<ReadyDevice> announce) {
    synchronized (fate) {
      if (interrupted) {
        throw interrupted(null);
      }
      try {
        early.forEach(notices);
        announce.accept(device);
        announced = true;
      } catch (RuntimeException e) {
        endUnlessRecovered(process);
        throw e;
      }
    }
  }

  /** Runs when this process is told to end. */
  private void endUnlessAnnounced(CompletableFuture<Process> starting) {
    synchronized (fate) {
      if (announced) {
        return;
      }
      interrupted = true;
    }
    try {
      endUnlessRecovered(starting.join());
    } catch (CancellationException e) {
      // It could not be started.
    }
  }

  private Process spawn(CompletableFuture<Process> starting) {
    try {
      Process process = spawn();
      starting.complete(process);
      return process;
    } finally {
      starting.cancel(false); // has no effect on one that is complete
    }
  }

  private static void forget(Thread hook) {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // It is running, because this process was told to end: so does the device.
      Threads.join(hook);
    }
  }

  private ReadyDevice awaitOutcome(Process process, Duration limit) {
    CompletableFuture<ReadyDevice> outcome =
        CompletableFuture.supplyAsync(() -> readOutcome(process));
    Processes.prepareExit(); // there is nothing to do but to wait
    try {
      return outcome.get(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      end(process);
      throw new UserException(
          "the device did not serve within %d s and was stopped".formatted(limit.toSeconds()), e);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof UserException reason
          ? reason
          : new UserException(UserException.lineFor(e.getCause()), e.getCause());
    } catch (InterruptedException e) {
      endUnlessRecovered(process);
      Thread.currentThread().interrupt();
      throw interrupted(e);
    }
  }

  private Process spawn() {
    ProcessBuilder builder =
        new ProcessBuilder(keptCommand())
            // The device must not keep somebody's directory from being unmounted.
            .directory(new File("/"))
            .redirectInput(new File("/dev/null"))
            .redirectErrorStream(true);
    // The C library's allocator would else keep an arena of its own for every thread.
    builder.environment().putIfAbsent("MALLOC_ARENA_MAX", "2");
    if (config.swap()) {
      builder.environment().putAll(SwapProtections.environment());
    }
    try {
      return config.swap() ? startProtected(builder) : builder.start();
    } catch (IOException e) {
      throw new UserException("cannot start the device's JVM: " + e.getMessage(), e);
    }
  }

  private List<String> keptCommand() {
    List<String> command = new ArrayList<>();
    if (isKept()) {
      command.addAll(List.of("/bin/sh", KEEPER));
      if (config.standby()) {
        command.add("--standby");
      }
    }
    command.addAll(command(DeviceMain.BACKGROUND));
    return command;
  }

  /** Whether what is started is a keeper, whose child is the device's process. */
  private boolean isKept() {
    return KEEPER != null && config.onCrash() == OnCrash.RECOVER;
  }

  /** A process inherits from the thread that starts it. */
  private static Process startProtected(ProcessBuilder builder) throws IOException {
    SwapProtections.prepareThread();
    try {
      return builder.start();
    } finally {
      SwapProtections.releaseThread();
    }
  }

  private List<String> command(String mode) {
    RunDir runDir = new RunDir(Path.of(config.runDir()));
    List<String> arguments = new ArrayList<>();
    arguments.add(Json.line(config));
    arguments.add(mode);
    if (debug) {
      arguments.add(DeviceMain.DEBUG);
    }
    if (recovers) {
      arguments.add(upgrades ? DeviceMain.UPGRADE : DeviceMain.RECOVER);
    }
    if (saved != null) {
      arguments.add(DeviceMain.RESTORE + saved.path());
    }
    return DaemonJvm.command(DeviceMain.class, runDir.crashReport("%p"), config, arguments);
  }

  private ReadyDevice readOutcome(Process process) {
    JvmWords words = new JvmWords();
    // Not closed: after "ready" the reading end stays open for as long as this process lives.
    BufferedReader lines = process.inputReader(StandardCharsets.UTF_8);
    try {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (!line.startsWith("{")) {
          words.add(line);
          continue;
        }
        Map<String, Object> message = Json.object(line);
        if (message.get(PipeReporter.READY) instanceof Map<?, ?> ready) {
          return Json.record(ReadyDevice.class, Json.line(ready));
        }
        relay(message, process);
      }
      int status = process.waitFor();
      String problem = words.problem() + whereReported(words);
      clearUnfinished();
      throw new UserException(
          "the device's process ended (status %d) before it served: %s".formatted(status, problem));
    } catch (IOException e) {
      throw new UserException("cannot hear from the device's process: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw interrupted(e);
    }
  }

  /** A crash's report survives what {@link #clearUnfinished} deletes: the last one of all. */
  private String whereReported(JvmWords words) {
    Path kept = Path.of(config.runDir()).resolve("crash.log");
    return words
        .report()
        .map(report -> "; its report is " + (moved(report, kept) ? kept : report))
        .orElse("");
  }

  private static boolean moved(Path from, Path to) {
    try {
      Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
      return true;
    } catch (IOException e) {
      return false; // it is where the JVM says
    }
  }

  private void relay(Map<String, Object> message, Process process) throws InterruptedException {
    if (message.get(PipeReporter.NOTICE) instanceof String notice) {
      notices.accept(notice);
    }
    if (message.get(PipeReporter.FAILED) instanceof String reason) {
      if (debug) {
        notices.accept(String.valueOf(message.get(PipeReporter.TRACE)));
      }
      // It has put away what it made, and only ends yet: who hears of it finds no process either.
      boolean _ = process.waitFor(END_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
      throw new UserException(reason);
    }
  }

  /** A signal tells a process that serves to drop what its device holds. */
  private void endUnlessRecovered(Process process) {
    if (!recovers) {
      end(process);
    }
  }

  /** Ends a process that does not serve; it may come to serve just now. */
  private void end(Process process) {
    // By its handle: Process itself would take its words from whoever is reading them.
    ProcessHandle started = process.toHandle();
    try {
      if (recovers || !endInOrder(started)) {
        killAll(started);
      }
      process.waitFor();
      clearUnfinished();
    } catch (InterruptedException e) {
      killAll(started);
      Thread.currentThread().interrupt();
    }
  }

  /** A keeper ends with the process that it has started, as soon as it has. */
  private boolean endInOrder(ProcessHandle started) throws InterruptedException {
    long deadline = System.nanoTime() + STOP_LIMIT.toNanos();
    while (started.isAlive() && System.nanoTime() < deadline) {
      (isKept() ? started.children() : Stream.of(started)).forEach(ProcessHandle::destroy);
      Thread.sleep(STOP_INTERVAL);
    }
    return !started.isAlive();
  }

  private void killAll(ProcessHandle started) {
    List<ProcessHandle> children = started.children().toList();
    started.destroyForcibly(); // first, for a keeper would start others
    children.forEach(ProcessHandle::destroyForcibly);
  }

  /** Clears away what a process could not that ended without a word. */
  private void clearUnfinished() {
    try {
      new Devices(Path.of(config.runDir())).clearUnfinished();
    } catch (UserException e) {
      notices.accept("could not clean up: " + UserException.lineFor(e));
    }
  }
}
