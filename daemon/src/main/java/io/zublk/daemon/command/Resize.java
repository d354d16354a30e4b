package io.zublk.daemon.command;

import io.zublk.daemon.DeviceBusyException;
import io.zublk.daemon.UserException;
import io.zublk.daemon.control.ControlServer;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;

/** Makes a device larger or smaller while it serves. */
public final class Resize implements Command {

  /** The command's name. */
  public static final String NAME = "resize";

  /** The argument: the size that it is to have, in bytes. */
  public static final String SIZE = "size";

  /** The argument, true or false: also if it gets smaller and is in use, or loses data. */
  public static final String FORCE = "force";

  /** In the answer, if it is there: what users must do to notice. */
  public static final String NOTICE = "notice";

  private final ServedDevice device;
  private final LongTask task;

  // What is under way: written before its thread starts.
  private long wanted;
  private boolean force;

  Resize(ServedDevice device) {
    this.device = device;
    this.task = new LongTask("resize", this::resize);
  }

  boolean isRunning() {
    return task.isRunning();
  }

  @Override
  public ControlServer.Reply carryOut(Map<String, Object> request) {
    if (!(request.get(SIZE) instanceof Number size)) {
      throw new UserException("the size is none that this zublk understands");
    }
    if (task.isUnderWay()) {
      requireSame(size.longValue());
    } else {
      wanted = size.longValue();
      force = Boolean.TRUE.equals(request.get(FORCE));
      check();
    }
    return ControlServer.Reply.of(task.startOrGoOn());
  }

  private void requireSame(long size) {
    if (size != wanted) {
      throw new DeviceBusyException(
          "%s is just being resized to %d bytes".formatted(device.transport().path(), wanted));
    }
  }

  /** What can be known before anything has changed. */
  private void check() {
    var _ = device.record().config().withSizeBytes(wanted);
    Optional<String> obstacle = device.transport().obstacleToResize();
    if (obstacle.isPresent()) {
      throw new UserException(
          "%s cannot be resized: %s".formatted(device.transport().path(), obstacle.get()));
    }
    Optional<String> use = device.transport().use();
    if (use.isPresent() && !force && wanted < size()) {
      throw new DeviceBusyException(
          "%s is %s; end that first, or use --force and take its end from its users"
              .formatted(device.transport().path(), use.get()));
    }
  }

  private long size() {
    return device.store().geometry().sizeBytes();
  }

  private Map<String, Object> resize() {
    long old = size();
    if (wanted == old) {
      return Map.of();
    }
    try {
      device.store().resize(wanted, force);
      Optional<String> notice = tellUsers(old);
      device.written().update(record -> record.withConfig(record.config().withSizeBytes(wanted)));
      return notice.<Map<String, Object>>map(word -> Map.of(NOTICE, word)).orElse(Map.of());
    } catch (IOException e) {
      throw new UserException(
          "%s keeps its size: %s%s"
              .formatted(
                  device.transport().path(),
                  UserException.lineFor(e),
                  wanted < old && !force ? "; --force drops what is there" : ""),
          e);
    }
  }

  private Optional<String> tellUsers(long old) throws IOException {
    try {
      return device.transport().resized();
    } catch (IOException e) {
      device.store().resize(old, true);
      throw e;
    }
  }
}
