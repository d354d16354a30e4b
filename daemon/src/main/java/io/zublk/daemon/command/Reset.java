package io.zublk.daemon.command;

import io.zublk.daemon.DeviceBusyException;
import io.zublk.daemon.control.ControlServer;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;

/** Drops a device's contents and begins its statistics anew, unless somebody uses it. */
public final class Reset implements Command {

  /** The command's name. */
  public static final String NAME = "reset";

  /** The argument, true or false: also if the device is in use. */
  public static final String FORCE = "force";

  private final ServedDevice device;
  private final LongTask task;

  Reset(ServedDevice device) {
    this.device = device;
    this.task = new LongTask("reset", this::reset);
  }

  boolean isRunning() {
    return task.isRunning();
  }

  @Override
  public ControlServer.Reply carryOut(Map<String, Object> request) {
    Optional<String> use = device.transport().use();
    if (use.isPresent() && !Boolean.TRUE.equals(request.get(FORCE)) && !task.isUnderWay()) {
      throw new DeviceBusyException(
          "%s is %s; end that first, or use --force and take its contents from its users"
              .formatted(device.transport().path(), use.get()));
    }
    return ControlServer.Reply.of(task.startOrGoOn());
  }

  private Map<String, Object> reset() throws IOException {
    device.store().reset();
    device.sampled().forget();
    return Map.of();
  }
}
