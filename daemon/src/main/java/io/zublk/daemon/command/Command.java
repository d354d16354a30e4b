package io.zublk.daemon.command;

import io.zublk.daemon.UserException;
import io.zublk.daemon.control.ControlServer;
import java.util.Map;

/** A verb of the control socket. */
@FunctionalInterface
interface Command {

  /**
   * Carries it out. Runs in the control socket's thread, alone, and must not take long.
   *
   * @param request what the client sent: the command's name and its arguments
   * @throws UserException with the reason, if it is refused
   */
  ControlServer.Reply carryOut(Map<String, Object> request);
}
