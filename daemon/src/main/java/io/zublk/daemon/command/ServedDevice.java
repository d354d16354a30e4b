package io.zublk.daemon.command;

import io.zublk.block.SampledDevice;
import io.zublk.daemon.DeviceConfig;
import io.zublk.daemon.machine.ProcessId;
import io.zublk.daemon.registry.DeviceRecord;
import io.zublk.daemon.registry.StoreHome;
import io.zublk.daemon.settings.PerformanceSettings;
import io.zublk.daemon.transport.Transport;
import io.zublk.store.PageStore;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * A device that serves, as its commands see it.
 *
 * @param asked what was asked for
 * @param written what its process has written down, with what is in effect
 * @param most what its process has laid out
 * @param sampled the store as its transport sees it, with what requests took
 * @param storeMemory what holds the store file ({@link StoreHome})
 * @param startNanos when its process began ({@link System#nanoTime})
 * @param handingOver leaves the device to another process
 * @param stop ends the device, for the reason given, and what it holds with it
 */
public record ServedDevice(
    DeviceConfig asked,
    OwnRecord written,
    PerformanceSettings most,
    PageStore store,
    SampledDevice sampled,
    Transport transport,
    String storeMemory,
    long startNanos,
    HandingOver handingOver,
    Consumer<String> stop) {

  DeviceRecord record() {
    return written.record();
  }

  /** Who is ready to go on with it. */
  Optional<ProcessId> standby() {
    return written.standby();
  }

  /** The settings in effect now. */
  PerformanceSettings settings() {
    return most.changedTo(record().config().performance());
  }
}
