package io.zublk.daemon;

import io.zublk.codec.LineVectors;
import io.zublk.daemon.command.Compact;
import io.zublk.daemon.command.LongTask;
import io.zublk.daemon.command.Reset;
import io.zublk.daemon.command.Resize;
import io.zublk.daemon.command.Save;
import io.zublk.daemon.command.SetValues;
import io.zublk.daemon.command.Stat;
import io.zublk.daemon.control.ControlClient;
import io.zublk.daemon.device.Abandonment;
import io.zublk.daemon.machine.ProcFs;
import io.zublk.daemon.registry.DeviceDir;
import io.zublk.daemon.registry.DeviceRecord;
import io.zublk.daemon.transport.Transports;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** A device of some process, dead or alive, as the commands see it. */
public final class Device {

  /** An upgrade that has failed comes to its end within the limits of what is said at it. */
  private static final Duration UPGRADE_LIMIT = Duration.ofSeconds(90);

  /** The end of an upgrade takes a fraction of a second, unless a process of it hangs. */
  private static final Duration NEXT_ANSWER_LIMIT = Duration.ofSeconds(10);

  private static final Duration POLL_INTERVAL = Duration.ofMillis(5);

  private static final Duration CODER_POLL_INTERVAL = Duration.ofMillis(50);

  /** A fault with the top of its trace, and what was said before it. */
  private static final int CONDITION_LINES = 20;

  private final DeviceDir dir;
  private final DeviceRecord record;
  private final Transports transports;

  Device(DeviceDir dir, DeviceRecord record) {
    this(dir, record, new Transports());
  }

  Device(DeviceDir dir, DeviceRecord record, Transports transports) {
    this.dir = dir;
    this.record = record;
    this.transports = transports;
  }

  public int id() {
    return record.id();
  }

  /** The process that serves it, or served it. */
  public long pid() {
    return record.pid();
  }

  /** What a client opens. */
  public String path() {
    return record.path() == null ? "" : record.path();
  }

  public TransportKind transport() {
    return record.config().transport();
  }

  public String algorithm() {
    return record.config().algorithm();
  }

  public long sizeBytes() {
    return record.config().sizeBytes();
  }

  /** Whether the process that serves the device lives. */
  public boolean isAlive() {
    return dir.isAlive();
  }

  /** Whether the device serves; false for one that is being made, and for a dead one. */
  public boolean isServing() {
    return isServed(record) && isAlive();
  }

  /** Also while it is handed over: who asks it something then waits a moment. */
  private static boolean isServed(DeviceRecord record) {
    return record.state() == DeviceRecord.State.SERVING
        || record.state() == DeviceRecord.State.HANDING_OVER;
  }

  /** Whether it has served, and its process is gone: what it holds is there. */
  boolean hasDied() {
    return record.state() != DeviceRecord.State.STARTING && !isAlive();
  }

  /** Whether a name, as users write it, means this device: its id, path, URI or address. */
  public boolean isCalled(String name) {
    return name.equals(Integer.toString(id()))
        || (!path().isEmpty() && DeviceName.means(DeviceName.of(name), DeviceName.of(path())));
  }

  /**
   * The device's statistics.
   *
   * @throws UserException if the device does not answer
   */
  public Map<String, Object> stat() {
    return ask(Stat.NAME, Map.of());
  }

  /** Hears how much of about how much is saved, in bytes. */
  @FunctionalInterface
  public interface SaveProgress {
    void saved(long bytes, long expected);
  }

  /**
   * Writes what the device holds at one moment into a file, while it serves on.
   *
   * @param force whether the file may be there already
   * @return how many of its pages are damaged
   * @throws UserException if the file is not made
   */
  public long save(SaveFile target, boolean force, SaveProgress progress) {
    if (!isServing()) {
      throw new UserException(
          "device %d does not serve; only a serving one is saved".formatted(id()));
    }
    Map<String, Object> end =
        target.make(
            force,
            file ->
                ControlClient.receive(
                    dir.controlSocket(),
                    Save.NAME,
                    reply -> new CountingChannel(file, number(reply, Save.BYTES), progress)));
    return number(end, Save.LOST_PAGES);
  }

  private static long number(Map<String, Object> answer, String name) {
    return answer.get(name) instanceof Number number ? number.longValue() : 0;
  }

  /**
   * Waits until the device packs pages as it always will: before it has compiled its coder of lines
   * it packs all otherwise.
   *
   * @return false if it has not after {@code limit}
   */
  public boolean awaitCoder(Duration limit) throws InterruptedException {
    long end = System.nanoTime() + limit.toNanos();
    while (LineVectors.TRAINING.equals(stat().get(Stat.LINE_CODER))) {
      if (System.nanoTime() - end > 0) {
        return false;
      }
      Thread.sleep(CODER_POLL_INTERVAL);
    }
    return true;
  }

  /**
   * Removes the device as {@link #remove(boolean)} does, once nobody uses it any more.
   *
   * @param limit how long it waits for that
   * @param notices is told, once, who is waited for
   * @throws DeviceBusyException if somebody uses it still
   */
  public void removeWhenFree(Duration limit, Consumer<String> notices) {
    new Removal(this, dir, transports).whenFree(limit, notices);
  }

  /**
   * Stops the device and deletes its contents. A dead device is cleared away.
   *
   * @param force also if it is in use; then a process that does not answer is killed
   * @throws DeviceBusyException if it is in use
   */
  public void remove(boolean force) {
    new Removal(this, dir, transports).run(force);
  }

  /**
   * Changes settings while the device serves, all of them or none.
   *
   * @throws UserException with the reason, if one cannot be had
   */
  public void set(DeviceChange change) {
    Map<String, Object> _ = ask(SetValues.NAME, Map.of(SetValues.CHANGE, change));
  }

  /**
   * Moves what the device holds together so that memory comes back.
   *
   * @return how much less its store takes than before, in bytes
   */
  public long compact() {
    return ((Number) askUntilDone(Compact.NAME, Map.of()).get(Compact.FREED)).longValue();
  }

  /**
   * Drops the device's contents and begins its statistics anew.
   *
   * @param force also if it is in use
   * @throws DeviceBusyException if it is in use
   */
  public void reset(boolean force) {
    Map<String, Object> _ = askUntilDone(Reset.NAME, Map.of(Reset.FORCE, force));
  }

  /**
   * Makes the device larger or smaller.
   *
   * @param force also if it gets smaller and is in use, or something is on what goes
   * @return what its users must do to notice, if they must do anything
   * @throws UserException with the reason, if it keeps its size
   */
  public Optional<String> resize(long sizeBytes, boolean force) {
    Map<String, Object> answer =
        askUntilDone(Resize.NAME, Map.of(Resize.SIZE, sizeBytes, Resize.FORCE, force));
    return Optional.ofNullable((String) answer.get(Resize.NOTICE));
  }

  /** The device says after a while that it goes on: it has other clients, too. */
  private Map<String, Object> askUntilDone(String command, Map<String, Object> arguments) {
    Map<String, Object> answer = ask(command, arguments);
    while (answer.containsKey(LongTask.UNDER_WAY)) {
      answer = ask(command, arguments);
    }
    return answer;
  }

  /**
   * Has a process of the program that is installed now go on with the device, in place of the one
   * that serves it: its users notice a pause.
   *
   * @param notices takes what the user should know beside success or failure, a line at a time
   * @param announce tells the user that it is done
   * @throws UserException if it is not, with what has become of the device
   */
  public void upgrade(boolean debug, Consumer<String> notices, Consumer<ReadyDevice> announce) {
    if (!isServing()) {
      throw new UserException(
          isAlive()
              ? "device %d does not serve yet".formatted(id())
              : "device %d %s".formatted(id(), death()));
    }
    try {
      DeviceLauncher.toUpgrade(record.config(), debug, notices)
          .start(DeviceLauncher.START_LIMIT, announce);
    } catch (UserException e) {
      throw new UserException(
          "device %d is not upgraded: %s; %s"
              .formatted(id(), UserException.lineFor(e), afterFailedUpgrade()),
          e);
    }
  }

  /** What has become of it, once both processes have come to their ends or their senses. */
  private String afterFailedUpgrade() {
    long deadline = System.nanoTime() + UPGRADE_LIMIT.toNanos();
    DeviceRecord now = dir.record().orElse(record);
    while (now.state() == DeviceRecord.State.HANDING_OVER
        && dir.isAlive()
        && System.nanoTime() < deadline) {
      pause(POLL_INTERVAL);
      now = dir.record().orElse(now);
    }
    if (!dir.isAlive()) {
      return "it is dead: 'zublk recover %d' serves what it holds".formatted(id());
    }
    return now.state() == DeviceRecord.State.SERVING
        ? "process %d serves it on".formatted(now.pid())
        : "process %d is still about to leave it".formatted(now.pid());
  }

  /** In the middle of an upgrade nobody answers for a moment; then another process does. */
  Map<String, Object> ask(String command, Map<String, Object> arguments) {
    long deadline = System.nanoTime() + NEXT_ANSWER_LIMIT.toNanos();
    Device asked = this;
    while (true) {
      try {
        return asked.askOnce(command, arguments);
      } catch (NoAnswerException e) {
        Optional<Device> next = asked.afterHandOver();
        if (next.isEmpty() || System.nanoTime() > deadline) {
          throw e;
        }
        asked = next.get();
        pause(POLL_INTERVAL);
      }
    }
  }

  /** The device as it is written down now, if it is or was just handed over. */
  private Optional<Device> afterHandOver() {
    return dir.record()
        .filter(now -> now.pid() != pid() || now.state() == DeviceRecord.State.HANDING_OVER)
        .filter(now -> ProcFs.isRunning(now.pid(), now.startTicks()))
        .map(now -> new Device(dir, now, transports));
  }

  private Map<String, Object> askOnce(String command, Map<String, Object> arguments) {
    Path socket = dir.controlSocket();
    try {
      return ControlClient.ask(socket, command, arguments);
    } catch (IOException e) {
      throw new NoAnswerException(
          isAlive()
              ? "device %d (process %d) does not answer: %s"
                  .formatted(id(), pid(), UserException.lineFor(e))
              : "device " + id() + " " + death(),
          e);
    }
  }

  /**
   * What may explain why a use of this device has failed, a line each: which process serves it now,
   * and the end of its log.
   */
  public List<String> condition() {
    DeviceRecord latest = dir.record().orElse(record);
    List<String> lines = new ArrayList<>();
    if (!isAlive()) {
      lines.add(death());
    } else if (latest.pid() != record.pid()) {
      lines.add("process %d serves it, no longer %d".formatted(latest.pid(), record.pid()));
    }
    lines.addAll(dir.logEnd(CONDITION_LINES));
    return lines;
  }

  /** That a dead device is dead, as far as is known why, and what to do: one line without it. */
  public String death() {
    // Read anew: the record we have may be older than the death.
    DeviceRecord latest = dir.record().orElse(record);
    String cause = dir.whyDead(latest);
    if (latest.isKept()) {
      return "is dead: %s; its keeper takes it into service again".formatted(cause);
    }
    return "is dead: %s; 'zublk recover %d' serves what it holds, 'zublk remove %d' drops it"
        .formatted(cause, id(), id());
  }

  /**
   * Makes what users ask of this dead device fail, instead of waiting for its recovery.
   *
   * @param reason why nobody recovers it, as {@link #death} will say
   * @throws UserException if it is not dead
   */
  public void abandon(String reason) {
    try {
      Abandonment.of(dir, reason);
    } catch (IOException e) {
      throw new UserException(
          "device %d cannot be abandoned: %s".formatted(id(), UserException.lineFor(e)), e);
    }
  }

  /**
   * What the device is made by, if it is dead and can be taken into service again.
   *
   * @throws UserException with what it is instead
   */
  DeviceConfig recoverable() {
    return dir.recoverable().config();
  }

  DeviceRecord record() {
    return record;
  }

  /** The device as it is written down now. */
  Device now() {
    return new Device(dir, dir.record().orElse(record), transports);
  }

  static void pause(Duration duration) {
    try {
      Thread.sleep(duration);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UserException("interrupted while the device stops; it goes on stopping", e);
    }
  }
}
