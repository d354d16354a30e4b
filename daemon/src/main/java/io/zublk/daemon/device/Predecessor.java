package io.zublk.daemon.device;

import io.zublk.daemon.DeviceConfig;
import io.zublk.daemon.Json;
import io.zublk.daemon.UserException;
import io.zublk.daemon.command.Edition;
import io.zublk.daemon.command.Upgrade;
import io.zublk.daemon.control.ControlClient;
import io.zublk.daemon.registry.DeviceDir;
import io.zublk.daemon.transport.Inheritance;
import io.zublk.daemon.transport.TransportFactory;
import io.zublk.uring.sys.LinuxSocket;
import java.io.EOFException;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/**
 * The process that serves a device, to the one that is to go on with it; {@link HandOver} is the
 * other end. One thread's.
 */
final class Predecessor implements AutoCloseable {

  /** It rehearses, which takes a second, and serves on meanwhile. */
  private static final Duration READY_LIMIT = Duration.ofSeconds(60);

  /** It answers what it was asked, ends its threads and closes its store. */
  private static final Duration LETTING_GO_LIMIT = Duration.ofSeconds(60);

  private final Talk talk;
  private final DeviceConfig config;

  private Predecessor(Talk talk, DeviceConfig config) {
    this.talk = talk;
    this.config = config;
  }

  /**
   * Asks whether it will leave the device to this process; it serves on meanwhile.
   *
   * @throws UserException why it does not
   */
  static Predecessor ask(DeviceDir dir) throws IOException {
    Map<String, Object> answer = answer(dir);
    DeviceConfig config = Json.record(DeviceConfig.class, Json.line(answer.get(Upgrade.CONFIG)));
    Path socket = Path.of(String.valueOf(answer.get(Upgrade.SOCKET)));
    Talk talk = new Talk(LinuxSocket.connect(UnixDomainSocketAddress.of(socket)));
    try {
      talk.expect(Talk.Word.READY, READY_LIMIT);
      return new Predecessor(talk, config);
    } catch (Throwable e) {
      talk.close();
      throw e;
    }
  }

  private static Map<String, Object> answer(DeviceDir dir) {
    try {
      return ControlClient.ask(
          dir.controlSocket(), Upgrade.NAME, Map.of(Upgrade.EDITION, Edition.ofThisProgram()));
    } catch (IOException e) {
      throw new UserException(
          "the process that serves it does not answer: " + UserException.lineFor(e), e);
    }
  }

  /** What the device is made by. */
  DeviceConfig config() {
    return config;
  }

  /**
   * Has it leave the device. When this returns it has let go of all of it, or is dead; until then
   * it can go on, and does if this fails.
   */
  Inheritance takeOver(TransportFactory transport) throws IOException {
    talk.say(Talk.Word.GO);
    // It gives up long before this does.
    talk.expect(Talk.Word.FILES, LETTING_GO_LIMIT);
    Inheritance inheritance = transport.inherit(talk.socket());
    try {
      talk.say(Talk.Word.TAKEN);
      awaitEnd();
      return inheritance;
    } catch (Throwable e) {
      inheritance.close();
      throw e;
    }
  }

  /** Its death is as good as its word: it would have said so if it had served on. */
  private void awaitEnd() throws IOException {
    try {
      talk.expect(Talk.Word.YOURS, LETTING_GO_LIMIT);
    } catch (EOFException e) {
      // Its locks go with it, and are waited for.
    }
  }

  /** Tells it that the device is served again: it may end. */
  void served() {
    try {
      talk.say(Talk.Word.SERVING);
    } catch (IOException e) {
      // It has not waited for that.
    }
  }

  @Override
  public void close() {
    talk.close();
  }
}
