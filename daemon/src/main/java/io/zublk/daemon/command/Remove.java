package io.zublk.daemon.command;

import io.zublk.daemon.DeviceBusyException;
import io.zublk.daemon.control.ControlServer;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/** Ends a device, and what it holds with it, unless somebody uses it. */
public final class Remove implements Command {

  /** The command's name. */
  public static final String NAME = "remove";

  /** The argument, true or false: also if the device is in use. */
  public static final String FORCE = "force";

  private static final Duration USE_ENDS_WITHIN = Duration.ofMillis(300);

  private final ServedDevice device;

  Remove(ServedDevice device) {
    this.device = device;
  }

  @Override
  public ControlServer.Reply carryOut(Map<String, Object> request) {
    boolean force = Boolean.TRUE.equals(request.get(FORCE));
    Optional<String> use = lastingUse();
    if (use.isPresent() && !force) {
      throw new DeviceBusyException(
          "%s is %s; end that first, or use --force and lose what is on it"
              .formatted(device.transport().path(), use.get()));
    }
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("stopping", device.transport().path());
    return new ControlServer.Reply(
        body, () -> device.stop().accept("removed" + (force ? " by force" : "")));
  }

  /** A use that is about to end, such as a client that has just hung up, is none. */
  private Optional<String> lastingUse() {
    long deadline = System.nanoTime() + USE_ENDS_WITHIN.toNanos();
    Optional<String> use = use();
    while (use.isPresent() && System.nanoTime() < deadline) {
      LockSupport.parkNanos(Duration.ofMillis(5).toNanos());
      use = use();
    }
    return use;
  }

  private Optional<String> use() {
    Optional<String> saving =
        device.store().isSaving() ? Optional.of("being saved") : Optional.empty();
    return device.transport().use().or(() -> saving);
  }
}
