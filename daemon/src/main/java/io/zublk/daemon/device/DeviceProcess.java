package io.zublk.daemon.device;

import io.zublk.block.RateLimitedLog;
import io.zublk.codec.LineVectors;
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
import io.zublk.daemon.registry.RunDir;
import io.zublk.daemon.registry.StaleDevices;
import io.zublk.daemon.registry.StoreHome;
import io.zublk.daemon.settings.PerformanceSettings;
import io.zublk.daemon.settings.Placement;
import io.zublk.daemon.transport.IdTakenException;
import io.zublk.daemon.transport.Transport;
import io.zublk.daemon.transport.TransportFactory;
import io.zublk.daemon.transport.Transports;
import io.zublk.store.PageStore;
import io.zublk.store.StoreOptions;
import io.zublk.uring.sys.LinuxFile;
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

  /** Ends in {@link #log}; for threads that must go on whatever becomes of it. */
  private final RateLimitedLog faults = new RateLimitedLog("io.zublk.daemon.device");

  private final StopRequest stop = new StopRequest();
  private final CleanupStack cleanup = new CleanupStack();
  private final long startNanos = System.nanoTime();

  private boolean serves; // until then there is nothing to keep
  private boolean isKnown; // and somebody uses it, whatever happens to its process
  private Claim claim;
  private PerformanceSettings settings;
  private String storeMemory;
  private PageStore store;
  private Transport transport;

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
        (thread, thrown) -> faults.fault("thread " + thread.getName() + " died", thrown));
    Optional<Throwable> failure = startAndServe();
    Outcome outcome = serves ? Outcome.of(stop) : Outcome.DELETE;
    boolean clean = cleanup.unwind(outcome, log);
    // Reported last, so that whoever hears of it can rely on nothing being left.
    failure.ifPresent(
        thrown -> reporter.failed(UserException.lineFor(thrown), DeviceLog.trace(thrown)));
    return failure.isEmpty() && clean;
  }

  private Optional<Throwable> startAndServe() {
    try {
      reporter.ready(start());
      isKnown = true;
      log.line("serving " + claim.record().path());
      keepOutput();
      trainVectors();
      stop.await();
      log.line("stopping: " + stop.reason());
      return stop.failed() ? Optional.of(died()) : Optional.empty();
    } catch (Throwable e) {
      // An Error as well: what was made must be unmade, but for what somebody may have written.
      log.failure("failed", e);
      if (isKnown) {
        stop.fail(UserException.lineFor(e));
      }
      return Optional.of(isKnown && stop.failed() ? died() : e);
    }
  }

  private void keepOutput() {
    try {
      reporter.nobodyListens(claim.dir().output());
    } catch (IOException e) {
      log.failure("what the JVM says is lost", e);
    }
  }

  /** Not before the device serves: it would take the CPUs that the start needs. */
  private void trainVectors() {
    if (!store.options().packing().lineFirst()) {
      return;
    }
    try {
      Thread.ofPlatform().daemon().name("line-training").start(this::train);
    } catch (OutOfMemoryError e) {
      LineVectors.cancelTraining(); // no thread is to be had, and the device serves without
      log.failure("lines are coded without vectors", e);
    }
  }

  private void train() {
    long start = System.nanoTime();
    boolean vectors = LineVectors.train();
    long millis = (System.nanoTime() - start) / 1_000_000;
    log.line(
        vectors
            ? "lines are coded with vectors, after %d ms".formatted(millis)
            : "lines are coded without vectors");
  }

  private UserException died() {
    int id = claim.dir().id();
    return new UserException(
        "device %d died: %s; what it holds is kept until 'zublk remove %d'"
            .formatted(id, stop.reason(), id));
  }

  /** Starts, with the next id if another program was quicker to take the one that was free. */
  private ReadyDevice start() throws IOException {
    DeviceConfig resolved = transports.resolve(config, reporter::notice).withSettledAlgorithm();
    settings = PerformanceSettings.of(config.performance(), Machine.running());
    Placement.apply(settings);
    for (int attempt = 1; ; attempt++) {
      try {
        return start(resolved);
      } catch (IdTakenException e) {
        if (config.id() != DeviceConfig.ANY_ID || attempt == MOST_ATTEMPTS) {
          throw e;
        }
        cleanup.unwind(Outcome.DELETE, log);
      }
    }
  }

  private ReadyDevice start(DeviceConfig resolved) throws IOException {
    makeRunDir();
    claimId(resolved);
    stop.throwIfRequested();
    openStore(resolved.storeOptions());
    stop.throwIfRequested();
    startTransport();
    stop.throwIfRequested();
    DeviceRecord serving = claim.record().serving(transport.path());
    openControlSocket();
    serves = true;
    // A command may have changed it by now.
    claim.update(record -> record.serving(serving.path()));
    return ready(serving);
  }

  private void makeRunDir() {
    if (runDir.make()) {
      cleanup.push("make the run directory", _ -> runDir.removeIfEmpty());
    }
  }

  private void claimId(DeviceConfig resolved) throws IOException {
    try (RunDir.Lock lock = runDir.lock()) {
      StaleDevices stale = new StaleDevices(runDir, transports, lock);
      DeviceDir dir = stale.freeDevice(resolved, reporter::notice);
      claim = new Claim(runDir, dir);
      cleanup.push("claim the id", this::giveUpId);
      LinuxFile locked = dir.keepFromAging();
      cleanup.push("keep its directory from aging", _ -> locked.close());
      log.attach(dir.log());
      StoreHome.Place place = StoreHome.prepare(runDir, dir.id());
      storeMemory = place.memory();
      claim.write(DeviceRecord.starting(resolved.withId(dir.id()), place.file()));
    }
  }

  private void giveUpId(Outcome end) throws IOException {
    switch (end) {
      case DELETE -> {
        log.detach(); // it would make its file again
        claim.delete();
      }
      case KEEP -> claim.keep(stop.reason());
    }
  }

  private void openStore(StoreOptions options) throws IOException {
    Path file = Path.of(claim.record().storeFile());
    store = PageStore.create(file, options, settings.storeTuning());
    Optional<FileStatus> made = FileStatus.of(file);
    cleanup.push("make the store file", end -> deleteStoreFile(end, file, made));
    cleanup.push("open the store", _ -> closeStore());
  }

  private static void deleteStoreFile(Outcome end, Path file, Optional<FileStatus> made)
      throws IOException {
    switch (end) {
      case DELETE -> {
        if (made.isPresent()) {
          made.get().deleteIfStillAt(file);
        }
      }
      case KEEP -> {}
    }
  }

  /** Threads that the transport could not end may use the store's memory: it goes with them. */
  private void closeStore() {
    if (transport == null) {
      store.close();
    }
  }

  private void startTransport() throws IOException {
    // Written down before it is made: who cleans up after us must know what to look for.
    DeviceConfig settled = claim.record().config();
    TransportFactory factory = transports.of(settled.transport());
    long cookie = factory.newCookie();
    claim.write(claim.record().withUblkCookie(cookie));
    Path socket = claim.dir().nbdSocket();
    transport = factory.start(store, settled, cookie, settings, socket, this::transportFailed);
    cleanup.push("start the transport", _ -> closeTransport());
  }

  /** Runs in a thread of the transport: the main thread ends the device. */
  private void transportFailed(String reason, Throwable cause) {
    faults.fault("the transport failed", cause);
    stop.fail(reason);
  }

  private void closeTransport() throws IOException {
    transport.close();
    transport = null;
  }

  private void openControlSocket() throws IOException {
    ServedDevice device =
        new ServedDevice(
            config, claim, settings, store, transport, storeMemory, startNanos, this::stop);
    ControlServer control = new ControlServer(claim.dir().controlSocket(), new Commands(device));
    cleanup.push("serve the control socket", _ -> control.close());
  }

  private ReadyDevice ready(DeviceRecord serving) {
    return new ReadyDevice(
        serving.id(),
        serving.config().transport().word(),
        serving.path(),
        store.options().sizeBytes(),
        store.options().packing().toString(),
        serving.pid());
  }
}
