package io.zublk.daemon;

import io.zublk.block.Threads;
import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.Processes;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
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

/** Starts a device's process, and stays with it until it serves or is gone. */
public final class DeviceLauncher {

  /** A start takes half a second on a real machine and ten in an emulated one under load. */
  public static final Duration START_LIMIT = Duration.ofMinutes(2);

  /** How long a process that is told to stop may take to undo what it did so far. */
  private static final Duration STOP_LIMIT = Duration.ofSeconds(20);

  private final DeviceConfig config;
  private final boolean debug;
  private final Consumer<String> notices;

  /**
   * Prepares to start a device.
   *
   * @param notices takes what the user should know beside success or failure, a line at a time
   */
  public DeviceLauncher(DeviceConfig config, boolean debug, Consumer<String> notices) {
    this.config = config;
    this.debug = debug;
    this.notices = notices;
  }

  /**
   * Turns this process into the device's process, which then reports to the terminal. Returns only
   * by throwing.
   *
   * @param json whether it prints what it made as JSON
   */
  public void replaceThisProcess(boolean json) {
    String mode = json ? DeviceMain.FOREGROUND_JSON : DeviceMain.FOREGROUND;
    try {
      Processes.replace(command(mode), System.getenv());
    } catch (LinuxException e) {
      throw new UserException("cannot start the device's JVM: " + e.getMessage(), e);
    }
  }

  /**
   * Starts the device in the background.
   *
   * @param limit how long it may take until it serves; then it is ended
   * @throws UserException if it does not serve; then nothing is left of it
   */
  public ReadyDevice start(Duration limit) {
    CompletableFuture<Process> starting = new CompletableFuture<>();
    // Registered before there is a process, so that there is no moment at which one is forgotten.
    Thread onInterrupt = new Thread(() -> endOnceStarted(starting));
    Runtime.getRuntime().addShutdownHook(onInterrupt);
    try {
      return awaitOutcome(spawn(starting), limit);
    } finally {
      forget(onInterrupt);
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

  private void endOnceStarted(CompletableFuture<Process> starting) {
    try {
      end(starting.join());
    } catch (CancellationException e) {
      // It could not be started.
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
      end(process);
      Thread.currentThread().interrupt();
      throw new UserException("interrupted while starting the device", e);
    }
  }

  private Process spawn() {
    ProcessBuilder builder =
        new ProcessBuilder(command(DeviceMain.BACKGROUND))
            // The device must not keep somebody's directory from being unmounted.
            .directory(new File("/"))
            .redirectInput(new File("/dev/null"))
            .redirectErrorStream(true);
    // The C library's allocator would else keep an arena of its own for every thread.
    builder.environment().putIfAbsent("MALLOC_ARENA_MAX", "2");
    try {
      return builder.start();
    } catch (IOException e) {
      throw new UserException("cannot start the device's JVM: " + e.getMessage(), e);
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
    return DaemonJvm.command(DeviceMain.class, runDir, config.nbd(), arguments);
  }

  private ReadyDevice readOutcome(Process process) {
    String last = "";
    // Not closed: after "ready" the reading end stays open for as long as this process lives.
    BufferedReader lines = process.inputReader(StandardCharsets.UTF_8);
    try {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (!line.startsWith("{")) {
          last = line; // the JVM's own words, which explain why there is nothing else
          continue;
        }
        Map<String, Object> message = Json.object(line);
        if (message.get(PipeReporter.READY) instanceof Map<?, ?> ready) {
          return Json.record(ReadyDevice.class, Json.line(ready));
        }
        relay(message);
      }
      int status = process.waitFor();
      clearUnfinished();
      throw new UserException(
          "the device's process ended (status %d) before it served%s"
              .formatted(status, last.isEmpty() ? "" : ": " + last));
    } catch (IOException e) {
      throw new UserException("cannot hear from the device's process: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UserException("interrupted while starting the device", e);
    }
  }

  private void relay(Map<String, Object> message) {
    if (message.get(PipeReporter.NOTICE) instanceof String notice) {
      notices.accept(notice);
    }
    if (message.get(PipeReporter.FAILED) instanceof String reason) {
      if (debug) {
        notices.accept(String.valueOf(message.get(PipeReporter.TRACE)));
      }
      throw new UserException(reason);
    }
  }

  /** Ends a process that does not serve. */
  private void end(Process process) {
    try {
      process.destroy();
      if (!process.waitFor(STOP_LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
        process.destroyForcibly().waitFor();
      }
      clearUnfinished();
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }

  /** Clears away what a process could not that ended without a word. */
  private void clearUnfinished() {
    try {
      new Devices(new RunDir(Path.of(config.runDir()))).clearUnfinished();
    } catch (UserException e) {
      notices.accept("could not clean up: " + UserException.lineFor(e));
    }
  }
}
