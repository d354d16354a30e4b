package io.zublk.daemon.command;

import io.zublk.daemon.DeviceBusyException;
import io.zublk.daemon.UserException;
import io.zublk.daemon.control.ControlServer;
import java.util.Map;
import java.util.Set;

/** The verbs that a device understands, each a class of its own. */
public final class Commands implements ControlServer.Handler {

  /** What is not begun while another process is about to take over. */
  private static final Set<String> NOT_WHILE_LEAVING =
      Set.of(SetValues.NAME, Compact.NAME, Reset.NAME, Resize.NAME, Save.NAME);

  private final ServedDevice device;
  private final Map<String, Command> byName;

  public Commands(ServedDevice device) {
    this.device = device;
    Compact compact = new Compact(device);
    Reset reset = new Reset(device);
    Resize resize = new Resize(device);
    byName =
        Map.of(
            Stat.NAME, new Stat(device),
            SetValues.NAME, new SetValues(device),
            Compact.NAME, compact,
            Reset.NAME, reset,
            Resize.NAME, resize,
            Save.NAME, new Save(device),
            Upgrade.NAME,
                new Upgrade(
                    device,
                    () ->
                        device.store().isSaving()
                            || compact.isRunning()
                            || reset.isRunning()
                            || resize.isRunning()),
            Remove.NAME, new Remove(device));
  }

  @Override
  public ControlServer.Reply handle(String name, Map<String, Object> request) {
    Command command = byName.get(name);
    if (command == null) {
      throw new UserException("unknown command '" + name + "'");
    }
    if (NOT_WHILE_LEAVING.contains(name) && device.handingOver().isUnderWay()) {
      throw new DeviceBusyException(
          "device %d is just being upgraded; try again in a moment"
              .formatted(device.record().id()));
    }
    return command.carryOut(request);
  }
}
