package io.zublk.daemon.registry;

import io.zublk.daemon.machine.ProcessId;
import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.Processes;
import java.util.Optional;

/** The processes that start others when devices die: {@code libexec/keeper}. */
public final class Keepers {

  /** Names the keeper to the process that it starts. */
  private static final String VARIABLE = "ZUBLK_KEEPER";

  /** Looked up while it lives: who stands by for long may come to serve when it does not. */
  private static final Optional<ProcessId> OWN =
      ProcessHandle.current()
          .parent()
          .map(ProcessHandle::pid)
          .filter(parent -> parent.toString().equals(System.getenv(VARIABLE)))
          .map(ProcessId::of);

  private Keepers() {}

  /** That which started this process, dead or alive; empty if none did. */
  public static Optional<ProcessId> own() {
    return OWN;
  }

  /** Tells this process's keeper, if it has one, that there is a device to keep. */
  public static void tellThatItServes() {
    own().filter(ProcessId::isRunning).ifPresent(Keepers::tell);
  }

  private static void tell(ProcessId keeper) {
    try {
      Processes.signal(keeper.pid(), Processes.SIGUSR1);
    } catch (LinuxException e) {
      // It has just ended: the device has lost it, as it can at any time.
    }
  }

  /** The device that this process's keeper keeps; empty if there is none any more. */
  public static Optional<DeviceDir> ownDevice(RunDir runDir) {
    return own().flatMap(keeper -> deviceOf(keeper, runDir));
  }

  private static Optional<DeviceDir> deviceOf(ProcessId keeper, RunDir runDir) {
    return runDir.devices().stream().filter(dir -> isKept(dir, keeper)).findFirst();
  }

  private static boolean isKept(DeviceDir dir, ProcessId keeper) {
    try {
      return dir.record().filter(record -> keeper.equals(record.keeper())).isPresent();
    } catch (UnreadableRecordException e) {
      return false;
    }
  }
}
