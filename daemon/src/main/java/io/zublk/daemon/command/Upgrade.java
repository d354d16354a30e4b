package io.zublk.daemon.command;

import io.zublk.daemon.DeviceBusyException;
import io.zublk.daemon.Json;
import io.zublk.daemon.UserException;
import io.zublk.daemon.control.ControlServer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BooleanSupplier;

/** Lets another process of the device come, of the program that is installed now, and take over. */
public final class Upgrade implements Command {

  /** The command's name. */
  public static final String NAME = "upgrade";

  /** The argument: the {@link Edition} of the process that asks. */
  public static final String EDITION = "edition";

  /** In the reply: the unix socket at which that one goes on. */
  public static final String SOCKET = "socket";

  /** In the reply: what the device is made by; it does not change meanwhile. */
  public static final String CONFIG = "config";

  private final ServedDevice device;
  private final BooleanSupplier isBusy;

  /** {@code isBusy}: whether something is under way that a hand-over would wait for. */
  Upgrade(ServedDevice device, BooleanSupplier isBusy) {
    this.device = device;
    this.isBusy = isBusy;
  }

  @Override
  public ControlServer.Reply carryOut(Map<String, Object> request) {
    Edition next = editionOf(request.get(EDITION));
    if (isBusy.getAsBoolean()) {
      throw new DeviceBusyException(
          "device %d is being saved, compacted, reset or resized; try again when that is done"
              .formatted(device.record().id()));
    }
    Path socket = device.handingOver().begin(next);
    Map<String, Object> reply = new LinkedHashMap<>();
    reply.put(SOCKET, socket.toString());
    reply.put(CONFIG, device.record().config());
    return ControlServer.Reply.of(reply);
  }

  private static Edition editionOf(Object argument) {
    try {
      return Json.record(Edition.class, Json.line(argument));
    } catch (IOException e) {
      throw new UserException("the edition is none that this zublk understands", e);
    }
  }
}
