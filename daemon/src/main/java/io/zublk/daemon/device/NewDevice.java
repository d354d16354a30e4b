package io.zublk.daemon.device;

import io.zublk.daemon.DeviceConfig;
import io.zublk.daemon.registry.DeviceDir;
import io.zublk.daemon.registry.DeviceRecord;
import io.zublk.daemon.registry.RunDir;
import io.zublk.daemon.registry.StaleDevices;
import io.zublk.daemon.registry.StoreHome;
import io.zublk.daemon.transport.Assignment;
import io.zublk.daemon.transport.IdTakenException;
import io.zublk.daemon.transport.Transport;
import io.zublk.daemon.transport.TransportFactory;
import io.zublk.daemon.transport.Transports;
import io.zublk.store.PageStore;
import io.zublk.store.StoreOptions;
import io.zublk.store.StoreTuning;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;

/** A device that this process makes, with a new store: an empty one, or one that is restored. */
final class NewDevice implements Origin {

  /** Each needs another program that adds a device in the same millisecond. */
  private static final int MOST_ATTEMPTS = 10;

  /** Makes the store's file, and what is in it. */
  @FunctionalInterface
  interface StoreMaker {
    PageStore make(Path path, StoreOptions options, StoreTuning tuning, long identity)
        throws IOException;
  }

  private final DeviceConfig asked;
  private final StoreMaker maker;
  private final RunDir runDir;
  private final Transports transports;
  private final Consumer<String> notices;
  private DeviceConfig settled;
  private int attempts;

  NewDevice(
      DeviceConfig asked,
      StoreMaker maker,
      RunDir runDir,
      Transports transports,
      Consumer<String> notices) {
    this.asked = asked;
    this.maker = maker;
    this.runDir = runDir;
    this.transports = transports;
    this.notices = notices;
  }

  @Override
  public DeviceConfig settle() {
    settled = transports.resolve(asked, notices).withSettledAlgorithm();
    return settled;
  }

  @Override
  public Claim claim(RunDir.Lock lock) throws IOException {
    DeviceDir dir = new StaleDevices(runDir, transports, lock).freeDevice(settled, notices);
    return new Claim(runDir, dir, dir.claim());
  }

  /** No other device was ever given the same identity, but by a chance of 2^-63. */
  @Override
  public DeviceRecord begin(Claim claim) throws IOException {
    int id = claim.dir().id();
    long identity = ThreadLocalRandom.current().nextLong(1, Long.MAX_VALUE);
    Path store = StoreHome.prepare(runDir, id, identity);
    return DeviceRecord.starting(settled.withId(id), store, identity);
  }

  @Override
  public String plan() {
    return "making it";
  }

  @Override
  public PageStore openStore(DeviceRecord record, StoreTuning tuning) throws IOException {
    return maker.make(
        Path.of(record.storeFile()), record.config().storeOptions(), tuning, record.identity());
  }

  @Override
  public Transport startTransport(TransportFactory factory, Assignment assignment)
      throws IOException {
    return factory.start(assignment);
  }

  /** The one that was free, another program was quicker to take. */
  @Override
  public boolean triesAgainAfter(IdTakenException taken) {
    attempts++;
    return asked.id() == DeviceConfig.ANY_ID && attempts < MOST_ATTEMPTS;
  }

  @Override
  public boolean isKnown() {
    return false;
  }
}
