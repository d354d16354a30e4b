package io.zublk.daemon.device;

import io.zublk.daemon.DeviceConfig;
import io.zublk.daemon.ReadyDevice;
import io.zublk.daemon.UserException;
import io.zublk.daemon.command.Commands;
import io.zublk.daemon.command.ServedDevice;
import io.zublk.daemon.control.ControlServer;
import io.zublk.daemon.log.DeviceLog;
import io.zublk.daemon.log.DeviceLoggers;
import io.zublk.daemon.machine.FileStatus;
import io.zublk.daemon.machine.Machine;
import io.zublk.daemon.registry.DeviceDir;
import io.zublk.daemon.registry.DeviceRecord;
import io.zublk.daemon.registry.FileLocks;
import io.zublk.daemon.registry.RunDir;
import io.zublk.daemon.registry.StaleDevices;
import io.zublk.daemon.registry.StoreHome;
import io.zublk.daemon.settings.PerformanceSettings;
import io.zublk.daemon.settings.Placement;
import io.zublk.daemon.transport.IdTakenException;
import io.zublk.daemon.transport.Transport;
import io.zublk.daemon.transport.Transports;
import io.zublk.store.PageStore;
import io.zublk.store.StoreOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The life of one device: claim an id, make the store, start the transport, serve until told to
 * stop, and take everything down again in the opposite order.
 *
 * <p>{@link #run} is called once, by the main thread; {@link #stop} by any.
 */
final class DeviceProcess {

  /** Each needs another program that adds a device in the same millisecond. */
  private static final int MOST_ATTEMPTS = 10;

  private final DeviceConfig config;
  private final RunDir runDir;
  private final Transports transports;
  private final Reporter reporter;
  private final DeviceLog log = new DeviceLog();
  private final StopRequest stop = new StopRequest();
  private final CleanupStack cleanup = new CleanupStack();
  private final long startNanos = System.nanoTime();

  private DeviceDir dir;
  private DeviceRecord record;
  private PerformanceSettings settings;
  private String storeMemory;
  private PageStore store;
  private Transport transport;
  private boolean threadsAreLeft;

  DeviceProcess(DeviceConfig config, Transports transports, Reporter reporter) {
    this.config = config;
    this.runDir = new RunDir(Path.of(config.runDir()));
    this.transports = transports;
    this.reporter = reporter;
  }

  /** Asks the device to stop, whatever it is doing. */
  void stop(String reason) {
    stop.request(reason);
  }

  /**
   * Serves until stopped.
   *
   * @return whether nothing went wrong, and nothing is left
   */
  boolean run() {
    DeviceLoggers.writeTo(log);
    Thread.setDefaultUncaughtExceptionHandler(
        (thread, thrown) -> log.failure("thread " + thread.getName() + " died", thrown));
    Optional<Throwable> failure = startAndServe();
    boolean clean = cleanup.unwind(log);
    // Reported last, so that whoever hears of it can rely on nothing being left.
    failure.ifPresent(
        thrown -> reporter.failed(UserException.lineFor(thrown), DeviceLog.trace(thrown)));
    return failure.isEmpty() && clean;
  }

  private Optional<Throwable> startAndServe() {
    try {
      reporter.ready(start());
      log.line("serving " + record.path());
      keepOutput();
      stop.await();
      log.line("stopping: " + stop.reason());
      return stop.failed() ? Optional.of(died()) : Optional.empty();
    } catch (Throwable e) {
      // An Error as well: what was made must be unmade.
      log.failure("failed", e);
      return Optional.of(e);
    }
  }

  private void keepOutput() {
    try {
      reporter.nobodyListens(dir.output());
    } catch (IOException e) {
      log.failure("what the JVM says is lost", e);
    }
  }

  private UserException died() {
    return new UserException(
        "device %d died: %s; what it holds is kept until 'zublk remove %d'"
            .formatted(record.id(), stop.reason(), record.id()));
  }

  /** Whether nobody wanted this end of a device that may hold data. */
  private boolean keepsData() {
    return stop.failed() && record.state() == DeviceRecord.State.SERVING;
  }

  /** Starts, with the next id if another program was quicker to take the one that was free. */
  private ReadyDevice start() throws IOException {
    DeviceConfig resolved = transports.resolve(config, reporter::notice);
    settings = PerformanceSettings.of(config.performance(), Machine.running());
    Placement.apply(settings);
    for (int attempt = 1; ; attempt++) {
      try {
        return start(resolved);
      } catch (IdTakenException e) {
        if (config.id() != DeviceConfig.ANY_ID || attempt == MOST_ATTEMPTS) {
          throw e;
        }
        cleanup.unwind(log);
      }
    }
  }

  private ReadyDevice start(DeviceConfig resolved) throws IOException {
    StoreOptions options = config.storeOptions();
    if (runDir.make()) {
      cleanup.push("make the run directory", runDir::removeIfEmpty);
    }
    claim(resolved);
    stop.throwIfRequested();
    openStore(options);
    stop.throwIfRequested();
    startTransport();
    stop.throwIfRequested();
    DeviceRecord serving = record.serving(transport.path());
    ControlServer control = new ControlServer(dir.controlSocket(), new Commands(served(serving)));
    cleanup.push("serve the control socket", control::close);
    write(serving);
    return new ReadyDevice(
        record.id(),
        record.config().transport().word(),
        record.path(),
        options.sizeBytes(),
        options.codec().toString(),
        record.pid());
  }

  private void claim(DeviceConfig resolved) throws IOException {
    try (RunDir.Lock lock = runDir.lock()) {
      StaleDevices stale = new StaleDevices(runDir, transports, lock);
      dir = stale.freeDevice(resolved, reporter::notice);
      FileLocks.Held held = dir.claim();
      cleanup.push("claim the id", () -> giveUp(held));
      cleanup.push("keep its directory from aging", dir.keepFromAging()::close);
      log.attach(dir.log());
      StoreHome.Place place = StoreHome.prepare(runDir, dir.id());
      storeMemory = place.memory();
      write(DeviceRecord.starting(resolved.withId(dir.id()), place.file()));
    }
  }

  private void write(DeviceRecord changed) {
    record = changed;
    dir.write(changed);
  }

  /**
   * The last step back: from here on the id is free, and what devices shared may be gone; or the
   * device is dead, for everybody to see.
   */
  private void giveUp(FileLocks.Held held) throws IOException {
    try (held) {
      if (!keepsData()) {
        deleteDir(held);
      } else if (held.isInPlace()) {
        write(record.dead(stop.reason()));
      }
    }
  }

  private void deleteDir(FileLocks.Held held) throws IOException {
    log.detach();
    if (!runDir.exists()) {
      return;
    }
    try (RunDir.Lock _ = runDir.lock()) {
      // Somebody may have deleted our directory, and another device have taken the id since.
      if (held.isInPlace()) {
        dir.delete();
      }
      StoreHome.release(runDir);
    }
  }

  private void openStore(StoreOptions options) throws IOException {
    Path file = Path.of(record.storeFile());
    store = PageStore.create(file, options, settings.storeTuning());
    Optional<FileStatus> made = FileStatus.of(file);
    cleanup.push("make the store file", () -> deleteStore(file, made));
    cleanup.push("open the store", this::closeStore);
  }

  /** Threads that the transport could not end may use the store's memory: it goes with them. */
  private void closeStore() {
    if (!threadsAreLeft) {
      store.close();
    }
  }

  private void deleteStore(Path file, Optional<FileStatus> made) throws IOException {
    if (made.isPresent() && !keepsData()) {
      made.get().deleteIfStillAt(file);
    }
  }

  private void startTransport() throws IOException {
    // Written down before it is made: who cleans up after us must know what to look for.
    write(record.withCookie(transports.newCookie(record.config())));
    transport =
        transports.start(
            store, record.config(), record.ublkCookie(), settings, dir.nbdSocket(), stop::fail);
    cleanup.push("start the transport", this::closeTransport);
  }

  private void closeTransport() throws IOException {
    threadsAreLeft = true;
    transport.close();
    threadsAreLeft = false;
  }

  private ServedDevice served(DeviceRecord serving) {
    return new ServedDevice(
        serving, settings, store, transport, storeMemory, startNanos, this::stop);
  }
}
