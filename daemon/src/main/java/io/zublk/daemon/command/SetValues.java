package io.zublk.daemon.command;

import io.zublk.daemon.DeviceChange;
import io.zublk.daemon.Json;
import io.zublk.daemon.UserException;
import io.zublk.daemon.control.ControlServer;
import io.zublk.daemon.settings.PerformanceSettings;
import io.zublk.daemon.settings.Placement;
import java.io.IOException;
import java.util.Map;

/** Changes settings of a device while it serves: all that are named, or none. */
public final class SetValues implements Command {

  /** The command's name. */
  public static final String NAME = "set";

  /** The argument: a {@link DeviceChange}. */
  public static final String CHANGE = "change";

  private final ServedDevice device;

  SetValues(ServedDevice device) {
    this.device = device;
  }

  @Override
  public ControlServer.Reply carryOut(Map<String, Object> request) {
    DeviceChange change = changeOf(request.get(CHANGE));
    requireRoomFor(change);
    requireCpusFor(change);
    // Written down first: a process that recovers the device must not fall back behind this.
    device.written().update(record -> record.withConfig(change.applyTo(record.config())));
    apply(change);
    return ControlServer.Reply.of(Map.of());
  }

  private static DeviceChange changeOf(Object argument) {
    try {
      return Json.record(DeviceChange.class, Json.line(argument));
    } catch (IOException e) {
      throw new UserException("the change is none that this zublk understands", e);
    }
  }

  /** What was laid out when the process started is all that there is. */
  private void requireRoomFor(DeviceChange change) {
    PerformanceSettings most = device.most();
    requireWithin("workers", change.workers(), Math.min(1, most.workers()), most.workers());
    requireWithin("pages of staging", change.stagingPages(), 0, most.stagingPages());
  }

  private void requireCpusFor(DeviceChange change) {
    PerformanceSettings wanted =
        device.most().changedTo(change.applyTo(device.record().config()).performance());
    if (change.cpuAffinity() != null && wanted.pinned()) {
      try {
        Placement.require(wanted.cpus());
      } catch (IOException e) {
        throw new UserException("the CPUs cannot be looked at: " + UserException.lineFor(e), e);
      }
    }
  }

  private static void requireWithin(String what, Integer value, int least, int most) {
    if (value != null && (value < least || value > most)) {
      throw new UserException(
          ("%d %s: the device's process was started with %d of them, so that %d to %d can be had;"
                  + " more take 'zublk save' and 'create --restore'")
              .formatted(value, what, most, least, most));
    }
  }

  private void apply(DeviceChange change) {
    if (change.memLimitBytes() != null) {
      device.store().setMemLimit(change.memLimitBytes());
    }
    if (change.forgetMost()) {
      device.store().resetMemUsedMax();
    }
    PerformanceSettings settings = device.settings();
    settings.applyTo(device.store());
    device.transport().adopt(settings);
    if (change.cpuAffinity() != null) {
      move(settings);
    }
  }

  private void move(PerformanceSettings settings) {
    try {
      Placement.move(settings.cpus());
      device.transport().moved(settings);
    } catch (IOException e) {
      throw new UserException(
          "some of its threads may be where they were: " + UserException.lineFor(e), e);
    }
  }
}
