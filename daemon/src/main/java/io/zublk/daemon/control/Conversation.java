package io.zublk.daemon.control;

import io.zublk.block.RateLimitedLog;
import io.zublk.daemon.DeviceBusyException;
import io.zublk.daemon.Json;
import io.zublk.daemon.UserException;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/** What is said to one client of a control socket: a request, its reply, and the end. */
final class Conversation {

  private final ControlServer.Handler handler;
  private final RateLimitedLog log;

  Conversation(ControlServer.Handler handler, RateLimitedLog log) {
    this.handler = handler;
    this.log = log;
  }

  /**
   * Answers the client; whatever it says, or does not, is no failure of ours.
   *
   * @return what goes on with it, or null
   */
  Stream hold(LineChannel client) {
    ControlServer.Reply reply;
    try {
      reply = answer(client.readLine(ControlServer.MAX_REQUEST_BYTES));
      client.writeLine(Json.line(reply.body()));
    } catch (IOException e) {
      // The client's fault: too long, too slow, or gone. No trace, and nobody has to wait for it.
      log.warning("hung up on a client", UserException.lineFor(e));
      return null;
    }
    reply.afterwards().run();
    return reply.stream();
  }

  private ControlServer.Reply answer(String line) {
    try {
      Map<String, Object> request = Json.object(line);
      return handler.handle(String.valueOf(request.get(ControlServer.COMMAND)), request);
    } catch (IOException e) {
      return error("request is not a JSON object");
    } catch (DeviceBusyException e) {
      ControlServer.Reply busy = error(UserException.lineFor(e));
      busy.body().put(ControlServer.BUSY, true);
      return busy;
    } catch (UserException e) {
      return error(UserException.lineFor(e));
    } catch (Throwable e) {
      log.fault("a command failed", e);
      return error(UserException.lineFor(e));
    }
  }

  private static ControlServer.Reply error(String message) {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put(ControlServer.ERROR, message);
    return ControlServer.Reply.of(body);
  }
}
