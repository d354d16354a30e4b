package io.zublk.daemon.registry;

import io.soabase.recordbuilder.core.RecordBuilder;
import io.zublk.daemon.DeviceConfig;
import io.zublk.daemon.TransportKind;
import io.zublk.daemon.machine.ProcFs;
import io.zublk.daemon.machine.ProcessId;
import java.nio.file.Path;

/**
 * What a device's process wrote down about itself, so that any other process can find it, and clean
 * up after it if it was killed. It is written before each thing it names is made.
 *
 * @param id the device's id
 * @param state how far the device came
 * @param pid the process that owns the device
 * @param startTicks when that process started ({@link ProcFs#startTicks}); with the pid, a process
 *     identity that is never reused
 * @param path what a client opens: a block device's path or an NBD URI; null while starting
 * @param storeFile the store file's absolute path
 * @param identity tells the device from every other there ever was: the store file has it, and the
 *     kernel's record of a ublk device
 * @param config what was asked for, with the transport, the id and where it is served settled
 * @param deathCause why a dead device serves no more, if its process could say so; else null
 * @param recoveries how often the device was taken into service again
 * @param keeper what starts another process when this one dies; null if nothing does
 */
@RecordBuilder
public record DeviceRecord(
    int id,
    State state,
    long pid,
    long startTicks,
    String path,
    String storeFile,
    long identity,
    DeviceConfig config,
    String deathCause,
    int recoveries,
    ProcessId keeper)
    implements DeviceRecordBuilder.With {

  /**
   * A killed process leaves what it was in; one that failed while it served says that it is DEAD.
   */
  public enum State {
    /** Nobody knows of it yet: who finds it so, and its process gone, clears it away. */
    STARTING,
    SERVING,
    /** A process is about to serve what a dead one has left. */
    RECOVERING,
    /** An upgrade is at its end: the process named leaves the device to another, or is that one. */
    HANDING_OVER,
    DEAD
  }

  /** The record of this process, for a device that it is about to make. */
  public static DeviceRecord starting(DeviceConfig config, Path storeFile, long identity) {
    long pid = ProcessHandle.current().pid();
    return new DeviceRecord(
        config.id(),
        State.STARTING,
        pid,
        startTicks(pid),
        null,
        storeFile.toString(),
        identity,
        config,
        null,
        0,
        Keepers.own().orElse(null));
  }

  /** Of a device that this process is about to take into service again. */
  public DeviceRecord recovering() {
    return own(State.RECOVERING).withRecoveries(recoveries + 1);
  }

  /** Of a device that another process has just left to this one. */
  public DeviceRecord takenOver() {
    return own(State.HANDING_OVER);
  }

  private DeviceRecord own(State next) {
    long own = ProcessHandle.current().pid();
    return withState(next)
        .withPid(own)
        .withStartTicks(startTicks(own))
        .withDeathCause(null)
        .withKeeper(Keepers.own().orElse(null));
  }

  private static long startTicks(long pid) {
    return ProcFs.startTicks(pid).orElse(0);
  }

  /**
   * Checks a record that was read, for what its readers rely on.
   *
   * @param expectedId the id of the directory that it lies in
   * @throws IllegalArgumentException with what is wrong
   */
  void requireComplete(int expectedId) {
    if (pid <= 0 || state == null || storeFile == null || config == null) {
      throw new IllegalArgumentException("it lacks pid, state, storeFile or config");
    }
    if (config.transport() == null || config.transport() == TransportKind.AUTO) {
      throw new IllegalArgumentException("it does not say which transport the device has");
    }
    if (id != expectedId) {
      throw new IllegalArgumentException("it is about device " + id);
    }
    var _ = Path.of(storeFile); // which this process's locale may not be able to say
  }

  public DeviceRecord serving(String servedPath) {
    assert servedPath != null : "nobody could find the device";
    return withState(State.SERVING).withPath(servedPath);
  }

  /** Whether something starts another process when this one has died. */
  public boolean isKept() {
    return keeper != null && keeper.isRunning();
  }

  /** Whether something should, but is gone. */
  public boolean hasLostItsKeeper() {
    return keeper != null && !keeper.isRunning();
  }

  /** That the process has ended, which could not say why, and what it was at. */
  String howItEnded() {
    String what =
        switch (state) {
          case RECOVERING -> "while it recovered it";
          case HANDING_OVER -> "in the middle of an upgrade";
          default -> "without stopping it";
        };
    return "process " + pid + " ended " + what; // not formatted, as in Stopwatch: users wait
  }

  public DeviceRecord dead(String cause) {
    assert state != State.STARTING : "what has not served is cleared away, not kept";
    assert cause != null : "it would count as killed";
    return withState(State.DEAD).withDeathCause(cause);
  }
}
