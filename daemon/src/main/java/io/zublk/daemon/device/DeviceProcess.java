package io.zublk.daemon.device;

import io.zublk.block.RateLimitedLog;
import io.zublk.block.SampledDevice;
import io.zublk.daemon.DeviceConfig;
import io.zublk.daemon.ReadyDevice;
import io.zublk.daemon.SaveFile;
import io.zublk.daemon.UserException;
import io.zublk.daemon.command.Commands;
import io.zublk.daemon.command.ServedDevice;
import io.zublk.daemon.control.ControlServer;
import io.zublk.daemon.log.DeviceLog;
import io.zublk.daemon.log.DeviceLoggers;
import io.zublk.daemon.machine.FileStatus;
import io.zublk.daemon.machine.Machine;
import io.zublk.daemon.machine.SwapProtections;
import io.zublk.daemon.registry.DeviceDir;
import io.zublk.daemon.registry.DeviceRecord;
import io.zublk.daemon.registry.Keepers;
import io.zublk.daemon.registry.RunDir;
import io.zublk.daemon.registry.StoreHome;
import io.zublk.daemon.settings.PerformanceSettings;
import io.zublk.daemon.settings.Placement;
import io.zublk.daemon.transport.Assignment;
import io.zublk.daemon.transport.IdTakenException;
import io.zublk.daemon.transport.TakenAwayException;
import io.zublk.daemon.transport.Transport;
import io.zublk.daemon.transport.TransportFactory;
import io.zublk.daemon.transport.Transports;
import io.zublk.store.PageStore;
import io.zublk.store.StoreTuning;
import io.zublk.uring.sys.LinuxFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The life of one device: claim an id, open the store, start the transport, serve until told to
 * stop, and take everything down again in the opposite order. Whether store and transport are new
 * or a dead process's, its {@link Origin} knows.
 *
 * <p>{@link #run} is called once, by the main thread; {@link #stop} by any.
 */
final class DeviceProcess {

  private final DeviceConfig config;
  private final Origin origin;
  private final RunDir runDir;
  private final Transports transports;
  private final Reporter reporter;
  private final DeviceLog log = new DeviceLog();

  /** Ends in {@link #log}; for threads that must go on whatever becomes of it. */
  private final RateLimitedLog faults = new RateLimitedLog("io.zublk.daemon.device");

  private final StopRequest stop;
  private final CleanupStack cleanup = new CleanupStack();
  private final long startNanos = System.nanoTime();

  private boolean serves;
  private boolean isAnnounced; // then somebody uses it, whatever happens to its process
  private volatile boolean isTakenAway; // somebody wants it to be dead
  private String deathCause; // of a device that is kept
  private Claim claim;
  private PerformanceSettings most;
  private PerformanceSettings settings;
  private String storeMemory;
  private PageStore store;
  private LineTraining training;
  private SampledDevice sampled;
  private Transport transport;
  private HandOver handOver;

  private DeviceProcess(
      DeviceConfig config, RunDir runDir, Origin origin, Transports transports, Reporter reporter) {
    this(config, runDir, origin, transports, reporter, new StopRequest());
  }

  private DeviceProcess(
      DeviceConfig config,
      RunDir runDir,
      Origin origin,
      Transports transports,
      Reporter reporter,
      StopRequest stop) {
    this.config = config;
    this.origin = origin;
    this.runDir = runDir;
    this.transports = transports;
    this.reporter = reporter;
    this.stop = stop;
  }

  /** Of a device that it makes. */
  static DeviceProcess creating(DeviceConfig config, Transports transports, Reporter reporter) {
    RunDir runDir = new RunDir(Path.of(config.runDir()));
    Origin origin = new NewDevice(config, PageStore::create, runDir, transports, reporter::notice);
    return new DeviceProcess(config, runDir, origin, transports, reporter);
  }

  /** Of a device that it makes, with what a file holds. */
  static DeviceProcess restoring(
      SaveFile file, DeviceConfig config, Transports transports, Reporter reporter) {
    RunDir runDir = new RunDir(Path.of(config.runDir()));
    NewDevice.StoreMaker maker =
        (path, options, tuning, identity) ->
            file.read(saved -> PageStore.restore(path, options, tuning, identity, saved));
    Origin origin = new NewDevice(config, maker, runDir, transports, reporter::notice);
    return new DeviceProcess(config, runDir, origin, transports, reporter);
  }

  /** Of a dead device, whose configuration has its id. */
  static DeviceProcess recovering(DeviceConfig config, Transports transports, Reporter reporter) {
    RunDir runDir = new RunDir(Path.of(config.runDir()));
    DeviceDir dir = runDir.device(config.id());
    Origin origin = new DeadDevice(dir, transports, reporter::notice, Optional.empty());
    return new DeviceProcess(config, runDir, origin, transports, reporter);
  }

  /** Of a device that another process serves, once that has died. */
  static DeviceProcess standingBy(DeviceConfig config, Transports transports, Reporter reporter) {
    RunDir runDir = new RunDir(Path.of(config.runDir()));
    DeviceDir dir = runDir.device(config.id());
    StopRequest stop = new StopRequest();
    Vigil vigil = new Vigil(dir, transports, stop);
    Origin origin = new DeadDevice(dir, transports, reporter::notice, Optional.of(vigil));
    return new DeviceProcess(config, runDir, origin, transports, reporter, stop);
  }

  /** Of a device that another process serves, until this one does. */
  static DeviceProcess upgrading(DeviceConfig config, Transports transports, Reporter reporter) {
    RunDir runDir = new RunDir(Path.of(config.runDir()));
    Origin origin = new RunningDevice(runDir.device(config.id()), transports, reporter::notice);
    return new DeviceProcess(config, runDir, origin, transports, reporter);
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
    if (handOver != null) {
      handOver.settle();
    }
    Outcome outcome = serves ? stop.outcome() : origin.ifItNeverServes();
    boolean clean = cleanup.unwind(outcome, log);
    if (outcome == Outcome.HAND_OVER && !handOver.finish(clean)) {
      deathCause = "the process that was to go on with it has not"; // which a keeper is told by
      clean = false;
    }
    // Reported last, so that whoever hears of it can rely on nothing being left.
    failure.ifPresent(
        thrown -> reporter.failed(UserException.lineFor(thrown), DeviceLog.trace(thrown)));
    return failure.isEmpty() && clean;
  }

  private Optional<Throwable> startAndServe() {
    try {
      announce(start());
      log.line("serving " + claim.record().path() + origin.remark());
      keepOutput();
      training.start();
      stop.await();
      log.line("stopping: " + stop.reason());
      reporter.stopping(stop.reason());
      return stop.failed() ? Optional.of(died(stop.reason())) : Optional.empty();
    } catch (Throwable e) {
      // An Error as well: what was made must be unmade, but for what somebody may have written.
      log.failure("failed", e);
      return Optional.of(serves ? whileServing(e) : whileStarting(e));
    }
  }

  private void announce(ReadyDevice device) throws IOException {
    try {
      reporter.ready(device);
    } catch (IOException e) {
      if (!origin.isKnown()) {
        throw e;
      }
      log.failure("nobody hears that it serves", e);
    }
    isAnnounced = true;
  }

  private Throwable whileServing(Throwable failure) {
    if (isAnnounced || origin.isKnown()) {
      stop.fail(UserException.lineFor(failure));
    }
    return stop.failed() ? died(stop.reason()) : failure;
  }

  private Throwable whileStarting(Throwable failure) {
    if (origin.ifItNeverServes() == Outcome.DELETE) {
      return failure;
    }
    String reason = "cannot be %s: %s".formatted(origin.deed(), UserException.lineFor(failure));
    deathCause = "it " + reason;
    int id = claim.dir().id();
    return new UserException(
        "device %d %s; what it holds is kept until 'zublk remove %d'".formatted(id, reason, id));
  }

  private UserException died(String cause) {
    deathCause = cause;
    int id = claim.dir().id();
    return new UserException(
        "device %d died: %s; 'zublk recover %d' serves what it holds, 'zublk remove %d' drops it"
            .formatted(id, cause, id, id));
  }

  /** Whether the device is dead now, and what it holds is kept. */
  boolean isKept() {
    return deathCause != null;
  }

  private void keepOutput() {
    try {
      reporter.nobodyListens(claim.dir().output());
    } catch (IOException e) {
      log.failure("what the JVM says is lost", e);
    }
  }

  private ReadyDevice start() throws IOException {
    DeviceConfig settled = origin.settle();
    most = PerformanceSettings.most(settled.performanceWhenCreated(), Machine.running());
    settings = most.changedTo(settled.performance());
    if (settled.swap()) {
      SwapProtections.enter();
    }
    Placement.apply(settings);
    while (true) {
      try {
        return startOnce();
      } catch (IdTakenException e) {
        if (!origin.triesAgainAfter(e)) {
          throw e;
        }
        cleanup.unwind(Outcome.DELETE, log);
      }
    }
  }

  private ReadyDevice startOnce() throws IOException {
    makeRunDir();
    claimId();
    stop.throwIfRequested();
    openStore();
    stop.throwIfRequested();
    startTransport();
    stop.throwIfRequested();
    openControlSocket();
    protectSwap();
    serves = true;
    // A command may have changed it by now.
    claim.update(this::serving);
    Keepers.tellThatItServes();
    origin.served();
    return ready(claim.record());
  }

  /** When all threads are there, and before anybody swaps. */
  private void protectSwap() throws IOException {
    if (!claim.record().config().swap()) {
      return;
    }
    makeFirstRequests();
    SwapProtections.complete(store.memory());
    if (!origin.isKnown()) {
      reporter.notice(
          "to swap to it: mkswap %1$s && swapon --discard --priority 100 %1$s"
              .formatted(transport.path()));
    }
  }

  /** Not to a device that has contents, which would be changed by them. */
  private void makeFirstRequests() throws IOException {
    if (origin.isKnown() || store.stats().origDataSize() > 0) {
      return;
    }
    Path disk = Path.of(transport.path());
    try (FirstRequests requests = new FirstRequests(disk, claim.record().config().sizeBytes())) {
      requests.make();
    }
    store.reset();
    sampled.forget();
  }

  private DeviceRecord serving(DeviceRecord record) {
    DeviceConfig settled = transport.settled(record.config());
    // A process that was killed when it had resized the store has not written that down.
    return record
        .serving(transport.path())
        .withConfig(settled.withSizeBytes(store.geometry().sizeBytes()));
  }

  private void makeRunDir() {
    if (runDir.make()) {
      cleanup.push("make the run directory", _ -> runDir.removeIfEmpty());
    }
  }

  private void claimId() throws IOException {
    try (RunDir.Lock lock = runDir.lock()) {
      claim = origin.claim(lock);
      cleanup.push("claim the id", this::giveUpId);
      LinuxFile locked = claim.dir().keepFromAging();
      cleanup.push("keep its directory from aging", _ -> locked.close());
      log.attach(claim.dir().log());
      log.line(origin.plan());
      DeviceRecord record = origin.begin(claim);
      claim.write(record);
      storeMemory = StoreHome.memoryOf(runDir, Path.of(record.storeFile()));
    }
    if (claim.record().config().swap() && !StoreHome.isNeverSwapped(storeMemory)) {
      throw new UserException(
          ("--swap cannot be had: what is stored would lie in %s, which may be swapped out to the"
                  + " device itself; a tmpfs that is not needs Linux 6.4, and root")
              .formatted(storeMemory));
    }
  }

  private void giveUpId(Outcome end) throws IOException {
    switch (end) {
      case DELETE -> {
        log.detach(); // it would make its file again
        claim.delete();
      }
      case KEEP -> claim.keep(deathCause, isTakenAway);
      case HAND_OVER -> {
        log.line("left to another process: " + handOver.watch());
        log.detach(); // it is the other one's
        claim.leave();
      }
    }
  }

  private void openStore() throws IOException {
    Path file = Path.of(claim.record().storeFile());
    store = origin.openStore(claim.record(), storeTuning());
    Optional<FileStatus> opened = FileStatus.of(file);
    cleanup.push("make the store file", end -> deleteStoreFile(end, file, opened));
    cleanup.push("open the store", this::closeStore);
    settings.applyTo(store);
    training = new LineTraining(store, log);
    training.announce();
    if (claim.record().config().swap()) {
      SwapProtections.exempt(store.memory());
    }
  }

  private StoreTuning storeTuning() {
    return storeTuning(claim.record().config(), most);
  }

  /** How the store of a device is to work. */
  static StoreTuning storeTuning(DeviceConfig device, PerformanceSettings settings) {
    StoreTuning tuning = settings.storeTuning();
    return device.swap()
        ? tuning.withReserve(
            SwapProtections.reserveBytes(device.sizeBytes(), device.memLimitBytes()))
        : tuning;
  }

  private static void deleteStoreFile(Outcome end, Path file, Optional<FileStatus> opened)
      throws IOException {
    switch (end) {
      case DELETE -> {
        if (opened.isPresent()) {
          opened.get().deleteIfStillAt(file);
        }
      }
      case KEEP, HAND_OVER -> {}
    }
  }

  /** Threads that the transport could not end may use the store's memory: it goes with them. */
  private void closeStore(Outcome end) {
    if (transport != null) {
      if (end == Outcome.HAND_OVER) {
        throw new IllegalStateException("the transport uses the store still");
      }
      return;
    }
    if (end == Outcome.HAND_OVER) {
      // All workers do here what the next process would do alone, before it serves.
      boolean _ = store.settle();
      handOver.watch().done("compressed");
    }
    store.close();
    if (end == Outcome.HAND_OVER) {
      handOver.watch().done("store closed");
    }
  }

  private void startTransport() throws IOException {
    sampled = new SampledDevice(store);
    DeviceRecord record = claim.record();
    TransportFactory factory = transports.of(record.config().transport());
    Assignment assignment =
        new Assignment(
            sampled,
            record.config(),
            record.identity(),
            settings,
            claim.dir().serverSocket(record.config().transport()),
            this::transportFailed);
    transport = origin.startTransport(factory, assignment);
    cleanup.push("start the transport", this::closeTransport);
  }

  /** Runs in a thread of the transport: the main thread ends the device. */
  private void transportFailed(String reason, Throwable cause) {
    faults.fault("the transport failed", cause);
    isTakenAway = cause instanceof TakenAwayException;
    stop.fail(reason);
  }

  private void closeTransport(Outcome end) throws IOException {
    switch (end) {
      case DELETE -> transport.close();
      case KEEP -> transport.handOver();
      case HAND_OVER -> {
        transport.handOver();
        handOver.watch().done("transport ended");
      }
    }
    transport = null;
  }

  private void openControlSocket() throws IOException {
    handOver =
        new HandOver(
            claim.dir(),
            store.layout(),
            reporter.isAwaited(),
            new Rehearsal(claim.dir(), transports.of(claim.record().config().transport())),
            transport,
            claim,
            stop,
            log);
    ServedDevice device =
        new ServedDevice(
            config,
            claim,
            most,
            store,
            sampled,
            transport,
            storeMemory,
            startNanos,
            handOver,
            this::stop);
    ControlServer control = new ControlServer(claim.dir().controlSocket(), new Commands(device));
    cleanup.push("serve the control socket", end -> closeControl(control, end));
  }

  private static void closeControl(ControlServer control, Outcome end) throws IOException {
    switch (end) {
      case DELETE, KEEP -> control.close();
      case HAND_OVER -> control.leave(); // users wait meanwhile
    }
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
