package io.zublk.daemon.command;

import io.zublk.daemon.UserException;
import io.zublk.daemon.control.ControlServer;
import java.util.Map;

/** The verbs that a device understands, each a class of its own. */
public final class Commands implements ControlServer.Handler {

  private final Map<String, Command> byName;

  public Commands(ServedDevice device) {
    byName =
        Map.of(
            Stat.NAME, new Stat(device),
            SetValues.NAME, new SetValues(device),
            Compact.NAME, new Compact(device),
            Reset.NAME, new Reset(device),
            Save.NAME, new Save(device),
            Remove.NAME, new Remove(device));
  }

  @Override
  public ControlServer.Reply handle(String name, Map<String, Object> request) {
    Command command = byName.get(name);
    if (command == null) {
      throw new UserException("unknown command '" + name + "'");
    }
    return command.carryOut(request);
  }
}
