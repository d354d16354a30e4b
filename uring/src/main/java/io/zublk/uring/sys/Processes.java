package io.zublk.uring.sys;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * What a process may do to itself as a whole: leave its session, change its program, end. And the
 * processor time of any.
 */
public final class Processes {

  /** include/uapi/asm-generic/signal.h. */
  public static final int SIGUSR1 = 10;

  private static final int STDOUT = 1;
  private static final int STDERR = 2;

  private static final int PR_SET_THP_DISABLE = 41;

  /** Of a clock's id: what was measured, not counted in ticks. */
  private static final int CPUCLOCK_SCHED = 2;

  private Processes() {}

  /**
   * Leaves the terminal's session, so that neither Ctrl-C nor hanging up reaches this process
   * (setsid(2)). EPERM for the leader of a process group, which already has one of its own.
   */
  public static void leaveSession() throws LinuxException {
    Syscall.check("setsid", Syscall.call(Syscall.SETSID, 0, 0));
  }

  /**
   * From now on, what this process makes in a file system is its owner's alone (umask(2)), whoever
   * makes it: the JVM for its crash report, too, and the kernel for the name of a socket.
   */
  public static void makeFilesPrivate() {
    Syscall.call(Syscall.UMASK, 077, 0);
  }

  /**
   * Has this process's memory, and that of programs that it starts or becomes, come in small pages
   * only, whatever the machine is set to (prctl(2)).
   */
  public static void disableHugePages() throws LinuxException {
    long result = Syscall.call(Syscall.PRCTL, PR_SET_THP_DISABLE, 1);
    Syscall.check("prctl(PR_SET_THP_DISABLE)", result);
  }

  /**
   * Replaces this process's program, and with it all of its threads and memory; the process keeps
   * its id, its standard streams and its working directory. Returns only by throwing.
   *
   * @param command the program's path and its arguments
   */
  public static void replace(List<String> command, Map<String, String> environment)
      throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      long path = arena.allocateFrom(command.getFirst()).address();
      long arguments = strings(arena, command).address();
      List<String> settings =
          environment.entrySet().stream().map(e -> e.getKey() + "=" + e.getValue()).toList();
      long variables = strings(arena, settings).address();
      long result = Syscall.call(Syscall.EXECVE, path, arguments, variables, 0);
      Syscall.check("execve " + command.getFirst(), result);
    }
  }

  /** Makes the first {@link #exit} quick: binding the system calls takes a JVM 45 ms. */
  public static void prepareExit() {
    Syscall.call(Syscall.GETTID, 0, 0);
  }

  /**
   * Ends this process at once (exit_group(2)): no shutdown hook runs, nothing is flushed. An
   * orderly exit of the JVM waits up to 0.3 s for threads in native code, such as the one that
   * waits for a child (VM_Exit in the JDK's vmOperations.cpp).
   *
   * @param status 0 to 255
   */
  public static void exit(int status) {
    Syscall.call(Syscall.EXIT_GROUP, status, 0);
  }

  /** Sends a process a signal (kill(2)). */
  public static void signal(long pid, int signal) throws LinuxException {
    Syscall.check("kill " + pid, Syscall.call(Syscall.KILL, pid, signal));
  }

  /**
   * Opens a process to wait for its end: a {@link PollSet} can be read from then on, when all its
   * files are closed (pidfd_open(2)).
   *
   * @throws LinuxException if there is no such process
   */
  public static LinuxFile open(long pid) throws LinuxException {
    long result = Syscall.call(Syscall.PIDFD_OPEN, pid, 0);
    String name = "process " + pid;
    return new LinuxFile(name, (int) Syscall.check("pidfd_open " + name, result));
  }

  /** Sends standard output and standard error to the end of a file, which is made if need be. */
  public static void sendOutputTo(Path file) throws LinuxException {
    int flags = LinuxFile.O_WRONLY | LinuxFile.O_APPEND | LinuxFile.O_CREAT;
    try (LinuxFile opened = LinuxFile.open(file, flags, 0600)) {
      Syscall.check("dup3", Syscall.call(Syscall.DUP3, opened.fd(), STDOUT, 0, 0));
      Syscall.check("dup3", Syscall.call(Syscall.DUP3, opened.fd(), STDERR, 0, 0));
    }
  }

  /**
   * The processor time that a process has taken so far, in nanoseconds: user and system, of all
   * threads, also those that have ended (clock_getcpuclockid(3)).
   *
   * @throws LinuxException if there is no such process
   */
  public static long cpuNanos(long pid) throws LinuxException {
    long clock = (~pid << 3) | CPUCLOCK_SCHED; // include/linux/posix-timers_types.h
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment time = arena.allocate(JAVA_LONG, 2); // struct timespec
      long result = Syscall.call(Syscall.CLOCK_GETTIME, clock, time.address());
      Syscall.check("clock_gettime of process " + pid, result);
      return time.getAtIndex(JAVA_LONG, 0) * 1_000_000_000L + time.getAtIndex(JAVA_LONG, 1);
    }
  }

  private static MemorySegment strings(Arena arena, List<String> texts) {
    MemorySegment pointers = arena.allocate(ADDRESS, texts.size() + 1L);
    for (int i = 0; i < texts.size(); i++) {
      pointers.setAtIndex(ADDRESS, i, arena.allocateFrom(texts.get(i)));
    }
    pointers.setAtIndex(ADDRESS, texts.size(), MemorySegment.NULL);
    return pointers;
  }
}
