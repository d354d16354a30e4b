package io.zublk.daemon.device;

import io.zublk.daemon.DeviceConfig;
import io.zublk.daemon.PerformanceConfig;
import io.zublk.daemon.PerformanceConfigBuilder;
import io.zublk.daemon.UserException;
import io.zublk.daemon.machine.FileStatus;
import io.zublk.daemon.machine.Machine;
import io.zublk.daemon.registry.DeviceDir;
import io.zublk.daemon.registry.DeviceRecord;
import io.zublk.daemon.registry.RunDir;
import io.zublk.daemon.transport.Assignment;
import io.zublk.daemon.transport.Transport;
import io.zublk.daemon.transport.TransportFactory;
import io.zublk.daemon.transport.Transports;
import io.zublk.store.PageStore;
import io.zublk.store.StoreTuning;
import io.zublk.uring.sys.CpuList;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * A device whose process is gone, and which this process takes into service again, as it was. It
 * can be recovered, too, if this process dies over it, whenever that is.
 */
final class DeadDevice extends ExistingDevice {

  private final Optional<Vigil> vigil;
  private DeviceRecord found;
  private PerformanceConfig performance;

  /**
   * Prepares to take it.
   *
   * @param vigil waits for its death, of a process that came before
   */
  DeadDevice(
      DeviceDir dir, Transports transports, Consumer<String> notices, Optional<Vigil> vigil) {
    super(dir, transports, notices);
    this.vigil = vigil;
  }

  /** It has the transport that it had, or none. */
  @Override
  public DeviceConfig settle() throws IOException {
    if (vigil.isPresent()) {
      vigil.get().keep();
    }
    watch.begin();
    DeviceConfig config = dir.recoverable().config();
    TransportFactory factory = transports.of(config.transport());
    Optional<String> obstacle = factory.obstacle();
    if (obstacle.isPresent()) {
      throw new UserException(
          "device %d needs %s, which cannot be had: %s; what it holds is kept"
              .formatted(dir.id(), config.transport().word(), obstacle.get()));
    }
    factory.noticeLimits(config, notices);
    performance = onCpusThatAreThere(config.performance());
    return config.withChanged(performance);
  }

  /** Of several processes that want to recover it, one gets it; the others see that it lives. */
  @Override
  public Claim claim(RunDir.Lock lock) throws IOException {
    watch.done("settled");
    found = dir.recoverable();
    return claimAgain(lock);
  }

  /** Nobody serves the dead process's socket, as its lock is ours. */
  @Override
  public DeviceRecord begin(Claim taken) throws IOException {
    dir.keepCrashReport(found.pid());
    Files.deleteIfExists(dir.controlSocket());
    return found.withConfig(found.config().withChanged(performance)).recovering();
  }

  /** A CPU that is gone, or another's by now, keeps no device from its users. */
  private PerformanceConfig onCpusThatAreThere(PerformanceConfig config) throws IOException {
    if (config.cpuAffinity() == null) {
      return config;
    }
    BitSet listed = CpuList.parse(config.cpuAffinity());
    BitSet there = Machine.running().allowedCpus();
    there.and(listed);
    if (there.equals(listed)) {
      return config;
    }
    String cpus = there.isEmpty() ? PerformanceConfig.ALL_CPUS : CpuList.format(there);
    notices.accept(
        "not all of CPUs %s may be used now: device %d goes on with cpu-affinity=%s"
            .formatted(config.cpuAffinity(), dir.id(), cpus));
    return PerformanceConfigBuilder.builder(config).cpuAffinity(cpus).build();
  }

  @Override
  public String plan() {
    return "recovering it: " + dir.whyDead(found);
  }

  /** Without a store nobody will ever serve what its users wait for. */
  @Override
  public PageStore openStore(DeviceRecord record, StoreTuning tuning) throws IOException {
    watch.done("claimed");
    Path file = Path.of(record.storeFile());
    if (FileStatus.of(file).filter(FileStatus::isRegularFile).isEmpty()) {
      transports.of(record.config().transport()).abandon(record.config(), record.identity());
      throw new UserException("its store file " + file + " is gone, and its users get errors");
    }
    PageStore store = PageStore.open(file, tuning, record.identity());
    watch.done("store opened");
    return store;
  }

  @Override
  public Transport startTransport(TransportFactory factory, Assignment assignment)
      throws IOException {
    Transport transport = factory.recover(assignment);
    watch.done("users served");
    return transport;
  }
}
