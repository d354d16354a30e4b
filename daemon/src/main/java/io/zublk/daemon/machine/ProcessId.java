package io.zublk.daemon.machine;

/**
 * A process, whose number may be another's later.
 *
 * @param startTicks when it started ({@link ProcFs#startTicks}); with the pid never reused
 */
public record ProcessId(long pid, long startTicks) {

  /** The process of this number. */
  public static ProcessId of(long pid) {
    return new ProcessId(pid, ProcFs.startTicks(pid).orElse(0));
  }

  /** This process. */
  public static ProcessId own() {
    return of(ProcessHandle.current().pid());
  }

  public boolean isRunning() {
    return ProcFs.isRunning(pid, startTicks);
  }
}
