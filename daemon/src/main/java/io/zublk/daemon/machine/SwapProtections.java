package io.zublk.daemon.machine;

import io.zublk.daemon.JavaOptions;
import io.zublk.daemon.UserException;
import io.zublk.uring.sys.Errnos;
import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.Memory;
import io.zublk.uring.sys.Processes;
import io.zublk.uring.sys.Tasks;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * What {@code --swap} means for a device's process. The kernel writes to such a device because it
 * has no memory left, so whoever serves it must never wait for memory: the kernel would wait for
 * the device, and the device for the kernel. Each protection keeps one way of that shut.
 *
 * <p>In order: {@link #prepareThread} before there is a JVM, {@link #jvmFlags} to start it with,
 * {@link #enter} as its first step, {@link #exempt} once the store is mapped, {@link #complete}
 * when all threads run.
 */
public final class SwapProtections {

  /**
   * For tests that show what each is for: {@code -Dzublk.swap.without=io-flusher,lock} among the
   * {@link JavaOptions}.
   */
  private static final String WITHOUT = "-Dzublk.swap.without=";

  private static final String IO_FLUSHER = "io-flusher";
  private static final String LOCK = "lock";
  private static final String RESERVE = "reserve";

  /** PF_MEMALLOC_NOIO | PF_LOCAL_THROTTLE (include/linux/sched.h): what an I/O flusher has. */
  static final long FLUSHER_FLAGS = 0x180000;

  /** Never killed for want of memory: what it keeps is in a file, which would not go with it. */
  private static final String NEVER_KILLED = "-1000";

  /**
   * All of it is there from the start, and three times what a device's process compiles. A JVM that
   * enlarges it asks for memory in whichever thread it is.
   */
  private static final String CODE_CACHE = "24m";

  /** Room that each of the allocator's two arenas begins with, in bytes. */
  private static final String MALLOC_ROOM = "2097152";

  /**
   * What is ready for writes: a swapped-out page comes back as free memory only after it is stored,
   * and a burst of them is as large as memory is. The machine's sixteenth holds some fifth of it,
   * compressed.
   */
  private static final int RESERVE_PART = 16;

  private static final long LEAST_RESERVE = 16L << 20;
  private static final long MOST_RESERVE = 256L << 20;

  /** The most of a memory limit that is kept ready. */
  private static final int LIMIT_PART = 4;

  private static final long SLAB = 256L << 10;

  private static final Path OWN_MAPS = Path.of("/proc/self/maps");
  private static final Path OWN_SMAPS = Path.of("/proc/self/smaps");
  private static final Path OOM_SCORE = Path.of("/proc/self/oom_score_adj");

  /**
   * The JDK's classes, 130 MiB: read when one is loaded, and then from a disk. What was read of it
   * stays.
   */
  private static final String CLASSES = "/lib/modules";

  private SwapProtections() {}

  private static boolean has(String protection) {
    return JavaOptions.ofEnvironment().stream()
        .filter(option -> option.startsWith(WITHOUT))
        .flatMap(option -> Arrays.stream(option.substring(WITHOUT.length()).split(",", -1)))
        .noneMatch(protection::equals);
  }

  /**
   * Of the process. The C library's allocator would ask the kernel for a few pages whenever it
   * lacks some, in whichever thread it is; this has it begin with more than a device's process
   * needs, which {@link #complete} faults in with the rest.
   */
  public static Map<String, String> environment() {
    return Map.of("MALLOC_TOP_PAD_", MALLOC_ROOM); // mallopt(3)
  }

  /** Of the JVM, beside a device's own. */
  public static List<String> jvmFlags() {
    return List.of(
        // Else they come and go, each with a new stack.
        "-XX:-UseDynamicNumberOfCompilerThreads",
        "-XX:InitialCodeCacheSize=" + CODE_CACHE,
        "-XX:ReservedCodeCacheSize=" + CODE_CACHE,
        // Locked memory cannot be given back like that.
        "-XX:TrimNativeHeapInterval=0");
  }

  /** The memory that the store keeps ready, in bytes. */
  public static long reserveBytes(long deviceBytes, long memLimitBytes) {
    if (!has(RESERVE)) {
      return 0;
    }
    long wanted = Math.clamp(ProcFs.totalMemoryBytes() / RESERVE_PART, LEAST_RESERVE, MOST_RESERVE);
    long most = memLimitBytes == 0 ? deviceBytes : memLimitBytes / LIMIT_PART;
    return Math.max(Math.min(wanted, most) / SLAB, 1) * SLAB;
  }

  /**
   * Makes the calling thread one whose memory allocations start no I/O; what it starts, or becomes,
   * inherits that from its first instruction on. A JVM has a dozen threads before it runs a line of
   * Java, and none of them can be told from another thread.
   *
   * @throws UserException if this process may not
   */
  public static void prepareThread() {
    try {
      Processes.disableHugePages();
      if (has(IO_FLUSHER)) {
        Tasks.setIoFlusher(true);
      }
    } catch (LinuxException e) {
      throw refused(
          e.errno() == Errnos.EPERM
              ? "it needs CAP_SYS_RESOURCE, which this process has not got (%s)"
                  .formatted(e.getMessage())
              : e.getMessage(),
          e);
    }
  }

  /** Makes the calling thread one as others again; what it has started stays as it is. */
  public static void releaseThread() {
    try {
      Tasks.setIoFlusher(false);
    } catch (LinuxException e) {
      // It could not become one either.
    }
  }

  /** Sees to it that nothing this process touches from now on leaves memory again. */
  public static void enter() {
    try {
      Files.writeString(OOM_SCORE, NEVER_KILLED);
    } catch (IOException e) {
      throw refused("the process cannot be kept from being killed for want of memory", e);
    }
    try {
      if (has(LOCK)) {
        // When touched: a store is mapped soon whose addresses are a multiple of the machine.
        Memory.lockAll(Memory.MCL_CURRENT | Memory.MCL_FUTURE | Memory.MCL_ONFAULT);
      }
    } catch (LinuxException e) {
      throw refused("its memory cannot be locked: " + e.getMessage(), e);
    }
  }

  /**
   * Leaves the store out: what it lies in is never swapped out, and locked it would cost the kernel
   * a look at each page that comes and goes.
   */
  public static void exempt(MemorySegment store) throws LinuxException {
    if (has(LOCK)) {
      Memory.unlock(store);
    }
  }

  /** The same as {@link #complete(MemorySegment)} for a process that has no store yet. */
  public static void complete() throws IOException {
    complete(MemorySegment.NULL);
  }

  /**
   * Faults in what the process has mapped and may touch one day, stacks and code that has not run
   * yet; and makes sure that all is as it should be.
   *
   * @throws UserException with what is not
   */
  public static void complete(MemorySegment store) throws IOException {
    if (has(LOCK)) {
      for (String line : ProcFs.lines(OWN_MAPS)) {
        lock(new Mapping(line), store);
      }
    }
    if (has(IO_FLUSHER)) {
      List<String> others = threadsWithoutFlag();
      if (!others.isEmpty()) {
        throw refused("these threads are no I/O flushers: " + String.join(", ", others), null);
      }
    }
  }

  private static void lock(Mapping mapping, MemorySegment store) {
    if (!mapping.isToBeFaultedIn() || mapping.isInside(store)) {
      return;
    }
    int result = Memory.lock(mapping.from(), mapping.to() - mapping.from());
    // A mapping may have gone meanwhile, or have pages that nobody can access.
    if (result < 0 && result != -Errnos.ENOMEM) {
      throw refused("its memory cannot be locked: " + Errnos.message(-result), null);
    }
  }

  private static List<String> threadsWithoutFlag() throws IOException {
    Set<Integer> others = new TreeSet<>();
    for (int thread : ProcFs.threads()) {
      if ((ProcFs.threadFlags(thread) & FLUSHER_FLAGS) != FLUSHER_FLAGS) {
        others.add(thread);
      }
    }
    return others.stream().map(String::valueOf).toList();
  }

  /** What {@code stat} says: how the process stands now, and not what was done once. */
  public static Map<String, Object> fields() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("swap_unprotected_threads", unprotectedThreads());
    fields.put("swap_locked_bytes", ProcFs.lockedBytes());
    fields.put("swap_absent_bytes", absentBytes());
    return fields;
  }

  private static int unprotectedThreads() {
    try {
      return threadsWithoutFlag().size();
    } catch (IOException e) {
      return -1; // a thread has just ended
    }
  }

  /** Private memory, in bytes, that is mapped and that no page is behind. */
  private static long absentBytes() {
    try {
      return Mapping.absentBytes(ProcFs.lines(OWN_SMAPS));
    } catch (IOException e) {
      return -1;
    }
  }

  private static UserException refused(String reason, Exception cause) {
    return new UserException("--swap cannot be had: " + reason, cause);
  }

  /** A line of /proc/PID/maps (proc_pid_maps(5)): {@code 7f00-7f01 rw-p 0 00:00 0 /a/file}. */
  record Mapping(long from, long to, String access, String file) {

    Mapping(String line) {
      this(line.split("\\s+", 6));
    }

    private Mapping(String[] fields) {
      this(
          Long.parseUnsignedLong(fields[0].split("-", 2)[0], 16),
          Long.parseUnsignedLong(fields[0].split("-", 2)[1], 16),
          fields[1],
          fields.length > 5 ? fields[5] : "");
    }

    /** But what cannot be read, the kernel's own pages, and the file of classes. */
    boolean isToBeFaultedIn() {
      return access.startsWith("r")
          && !file.startsWith("[v")
          && !file.startsWith("/dev/")
          && !file.startsWith("anon_inode:")
          && !file.endsWith(CLASSES);
    }

    boolean isInside(MemorySegment memory) {
      return from >= memory.address() && from < memory.address() + memory.byteSize();
    }

    /** What no page is behind, of the private mappings that may be written to. */
    static long absentBytes(List<String> smaps) {
      long kilobytes = 0;
      boolean counts = false;
      for (String line : smaps) {
        if (line.matches("[0-9a-f]+-[0-9a-f]+ .*")) {
          counts = new Mapping(line).access.equals("rw-p");
        } else if (counts && line.startsWith("Size:")) {
          kilobytes += kilobytes(line);
        } else if (counts && line.startsWith("Rss:")) {
          kilobytes -= kilobytes(line);
        }
      }
      return kilobytes << 10;
    }

    private static long kilobytes(String line) {
      return Long.parseLong(line.substring(line.indexOf(':') + 1).replace("kB", "").strip());
    }
  }
}
