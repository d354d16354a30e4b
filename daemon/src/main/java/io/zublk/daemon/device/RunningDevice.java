package io.zublk.daemon.device;

import io.zublk.daemon.DeviceConfig;
import io.zublk.daemon.UserException;
import io.zublk.daemon.registry.DeviceDir;
import io.zublk.daemon.registry.DeviceRecord;
import io.zublk.daemon.registry.Keepers;
import io.zublk.daemon.registry.RunDir;
import io.zublk.daemon.transport.Assignment;
import io.zublk.daemon.transport.Inheritance;
import io.zublk.daemon.transport.Transport;
import io.zublk.daemon.transport.TransportFactory;
import io.zublk.daemon.transport.Transports;
import io.zublk.store.PageStore;
import io.zublk.store.StoreTuning;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;

/**
 * A device that another process serves, which leaves it to this one. Until it has, nothing of it is
 * touched; from then on it is as one that has died: it can be recovered, whatever happens.
 */
final class RunningDevice extends ExistingDevice {

  private Predecessor predecessor;
  private Inheritance inheritance;

  RunningDevice(DeviceDir dir, Transports transports, Consumer<String> notices) {
    super(dir, transports, notices);
  }

  /** What takes time and hurts nobody comes first; users wait from the {@link #claim} on. */
  @Override
  public DeviceConfig settle() throws IOException {
    DeviceRecord record =
        dir.record().orElseThrow(() -> new UserException("there is no device " + dir.id()));
    new Rehearsal(dir, transports.of(record.config().transport())).run(record.config());
    predecessor = Predecessor.ask(dir);
    return transports.resolve(predecessor.config(), notices);
  }

  /** The other process has let go of its own claim when it has left the device. */
  @Override
  public Claim claim(RunDir.Lock lock) throws IOException {
    inheritance = predecessor.takeOver(transports.of(predecessor.config().transport()));
    watch.begin();
    return claimAgain(lock);
  }

  @Override
  public DeviceRecord begin(Claim taken) throws IOException {
    Files.deleteIfExists(dir.controlSocket()); // of a process that died over it
    DeviceRecord left = dir.record().orElseThrow(() -> new UserException("its record is gone"));
    Keepers.tellThatItServes(); // from here on there is something to keep
    return left.takenOver();
  }

  @Override
  public String plan() {
    return "going on with it";
  }

  @Override
  public PageStore openStore(DeviceRecord record, StoreTuning tuning) throws IOException {
    watch.done("claimed");
    PageStore store = PageStore.open(Path.of(record.storeFile()), tuning, record.identity());
    watch.done("store opened");
    return store;
  }

  @Override
  public Transport startTransport(TransportFactory factory, Assignment assignment)
      throws IOException {
    Transport transport = inheritance.resume(assignment);
    inheritance = null;
    watch.done("users served");
    return transport;
  }

  @Override
  public void served() {
    predecessor.served();
  }

  @Override
  public String deed() {
    return "taken over";
  }
}
