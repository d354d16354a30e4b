package io.zublk.uring;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.zublk.uring.sys.Errnos;
import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.LinuxFile;
import io.zublk.uring.sys.Memory;
import io.zublk.uring.sys.Syscall;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * An io_uring: a pair of queues shared with the kernel. Little-endian machines only.
 *
 * <p>Not thread-safe. A ring {@linkplain RingOptions#oneThread of one thread} must be used and
 * closed by the thread that opened it.
 */
public final class Ring implements AutoCloseable {

  public static final int SETUP_COOP_TASKRUN = 1 << 8;
  public static final int SETUP_TASKRUN_FLAG = 1 << 9;
  public static final int SETUP_SINGLE_ISSUER = 1 << 12;
  public static final int SETUP_DEFER_TASKRUN = 1 << 13;
  public static final int SETUP_NO_SQARRAY = 1 << 16;

  private static final int SETUP_CQSIZE = 1 << 3;
  private static final int SETUP_SQE128 = 1 << 10;

  // Best first, each set known to older kernels than the one before it: 6.6, 6.1, 6.0, 5.19, 5.1.
  private static final int[] ONE_THREAD_FLAGS = {
    SETUP_SINGLE_ISSUER | SETUP_DEFER_TASKRUN | SETUP_TASKRUN_FLAG | SETUP_NO_SQARRAY,
    SETUP_SINGLE_ISSUER | SETUP_DEFER_TASKRUN | SETUP_TASKRUN_FLAG,
    SETUP_SINGLE_ISSUER | SETUP_COOP_TASKRUN | SETUP_TASKRUN_FLAG,
    SETUP_COOP_TASKRUN | SETUP_TASKRUN_FLAG,
    0
  };
  private static final int[] ANY_THREAD_FLAGS = {
    SETUP_COOP_TASKRUN | SETUP_NO_SQARRAY, SETUP_COOP_TASKRUN, 0
  };

  // struct io_uring_params: sq_entries@0 cq_entries@4 flags@8 features@20 sq_off@40 cq_off@80.
  private static final int PARAMS_BYTES = 120;
  private static final int PARAMS_FLAGS = 8;
  private static final int PARAMS_FEATURES = 20;
  // struct io_sqring_offsets: head@0 tail@4 flags@16 array@24; struct io_cqring_offsets: cqes@20.
  private static final int PARAMS_SQ_OFFSETS = 40;
  private static final int PARAMS_CQ_OFFSETS = 80;
  private static final int FEATURE_SINGLE_MMAP = 1;

  private static final long MMAP_RINGS = 0;
  private static final long MMAP_SQES = 0x10000000L;
  private static final int CQE_BYTES = 16;

  private static final int ENTER_GETEVENTS = 1;
  private static final int ENTER_EXT_ARG = 1 << 3;
  private static final int ENTER_REGISTERED_RING = 1 << 4;

  private static final int REGISTER_FILES = 2;
  private static final int REGISTER_RING_FDS = 20;
  private static final int UNREGISTER_RING_FDS = 21;
  private static final int ANY_INDEX = -1;

  // struct io_uring_getevents_arg: sigmask@0:8 sigmask_sz@8:4 min_wait_usec@12:4 ts@16:8, and
  // behind it the struct __kernel_timespec that it points to: tv_sec@0:8 tv_nsec@8:8.
  private static final int WAIT_BYTES = 24;
  private static final int TIMESPEC_BYTES = 16;
  private static final long NANOS_PER_SECOND = 1_000_000_000L;

  private final LinuxFile file;
  private final int setupFlags;
  private final MemorySegment rings;
  private final MemorySegment entries;
  private final SubmissionQueue submissions;
  private final CompletionQueue completions;
  private final MemorySegment timedWait = Arena.ofAuto().allocate(WAIT_BYTES + TIMESPEC_BYTES, 8);

  /** The thread that the kernel knows the ring's index of, if any. */
  private Thread owner;

  private int enterFd;
  private int enterFlags = ENTER_GETEVENTS;
  private long enters;
  private boolean closed;

  /**
   * Opens a ring with the best set-up flags this kernel has.
   *
   * @throws LinuxException ENOSYS: no io_uring; EPERM: forbidden; EINVAL: the kernel lacks what the
   *     options demand; ENOMEM: RLIMIT_MEMLOCK (before 5.12)
   */
  public static Ring open(RingOptions options) throws LinuxException {
    int demanded =
        (options.wide() ? SETUP_SQE128 : 0) | (options.completions() != 0 ? SETUP_CQSIZE : 0);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment params = arena.allocate(PARAMS_BYTES, Long.BYTES);
      long result = -Errnos.EINVAL;
      int[] choices = options.oneThread() ? ONE_THREAD_FLAGS : ANY_THREAD_FLAGS;
      for (int i = 0; i < choices.length && result == -Errnos.EINVAL; i++) {
        params.fill((byte) 0);
        params.set(JAVA_INT, 4, options.completions());
        params.set(JAVA_INT, PARAMS_FLAGS, demanded | choices[i]);
        result =
            Syscall.call(Syscall.IO_URING_SETUP, options.entries(), params.address(), 0, 0, 0, 0);
      }
      if (result < 0) {
        throw setupFailure((int) -result);
      }
      return new Ring(LinuxFile.adopt("io_uring", (int) result), params, options);
    }
  }

  private static LinuxException setupFailure(int errno) {
    String why =
        switch (errno) {
          case Errnos.EPERM -> " (kernel.io_uring_disabled or a seccomp filter forbids it)";
          case Errnos.ENOSYS -> " (this kernel has no io_uring)";
          default -> "";
        };
    return new LinuxException("io_uring_setup" + why, errno);
  }

  private Ring(LinuxFile file, MemorySegment params, RingOptions options) throws LinuxException {
    this.file = file;
    this.enterFd = file.fd();
    this.setupFlags = params.get(JAVA_INT, PARAMS_FLAGS);
    int sqCapacity = params.get(JAVA_INT, 0);
    int cqCapacity = params.get(JAVA_INT, 4);
    long sqArray = Integer.toUnsignedLong(params.get(JAVA_INT, PARAMS_SQ_OFFSETS + 24));
    long cqes = Integer.toUnsignedLong(params.get(JAVA_INT, PARAMS_CQ_OFFSETS + 20));
    int entryBytes = options.wide() ? 128 : 64;
    long ringBytes =
        Math.max(sqArray + (long) sqCapacity * Integer.BYTES, cqes + (long) cqCapacity * CQE_BYTES);
    MemorySegment mappedRings = null;
    MemorySegment mappedEntries = null;
    try {
      if ((params.get(JAVA_INT, PARAMS_FEATURES) & FEATURE_SINGLE_MMAP) == 0) {
        throw new LinuxException("io_uring of a kernel before 5.4", Errnos.EOPNOTSUPP);
      }
      mappedRings = map(ringBytes, MMAP_RINGS);
      mappedEntries = map((long) sqCapacity * entryBytes, MMAP_SQES);
    } catch (LinuxException e) {
      release(file, mappedRings, mappedEntries);
      throw e;
    }
    this.rings = mappedRings;
    this.entries = mappedEntries;
    if ((setupFlags & SETUP_NO_SQARRAY) == 0) {
      for (int i = 0; i < sqCapacity; i++) {
        rings.set(JAVA_INT, sqArray + (long) i * Integer.BYTES, i);
      }
    }
    this.submissions =
        new SubmissionQueue(
            rings,
            entries,
            params.get(JAVA_INT, PARAMS_SQ_OFFSETS),
            params.get(JAVA_INT, PARAMS_SQ_OFFSETS + 4),
            params.get(JAVA_INT, PARAMS_SQ_OFFSETS + 16),
            sqCapacity,
            entryBytes);
    this.completions =
        new CompletionQueue(
            rings,
            params.get(JAVA_INT, PARAMS_CQ_OFFSETS),
            params.get(JAVA_INT, PARAMS_CQ_OFFSETS + 4),
            cqes,
            cqCapacity);
    if (options.oneThread()) {
      registerSelf();
    }
  }

  private MemorySegment map(long length, long offset) throws LinuxException {
    return Memory.map(
        length,
        Memory.PROT_READ | Memory.PROT_WRITE,
        Memory.MAP_SHARED | Memory.MAP_POPULATE,
        file.fd(),
        offset);
  }

  /** The queue of requests. */
  public SubmissionQueue submissions() {
    return submissions;
  }

  /** The queue of results. */
  public CompletionQueue completions() {
    return completions;
  }

  /** The {@code SETUP_} flags that this kernel granted. */
  public int setupFlags() {
    return setupFlags;
  }

  /** Whether calls name the ring by an index of the thread, which spares a look-up (5.18). */
  public boolean selfRegistered() {
    return owner != null;
  }

  /** How often the kernel was entered. */
  public long enters() {
    return enters;
  }

  /**
   * Submits all taken entries and waits until at least {@code minimum} completions are ready, which
   * may be 0. Allocates nothing. A signal may end the wait early: then fewer are ready.
   *
   * @return how many entries were consumed, or a negative errno: EBUSY or EBADR if completions have
   *     to be read first, EAGAIN if the kernel lacks memory
   */
  public int submitAndWait(int minimum) {
    return enter(minimum, enterFlags, 0, 0);
  }

  /**
   * As {@link #submitAndWait(int)}, but waits no longer than a given time (5.11).
   *
   * @param nanos at least 0
   * @return as above, or a negated ETIME if the time is over and there was nothing to submit
   */
  public int submitAndWait(int minimum, long nanos) {
    timedWait.set(JAVA_LONG, 16, timedWait.address() + WAIT_BYTES);
    timedWait.set(JAVA_LONG, WAIT_BYTES, nanos / NANOS_PER_SECOND);
    timedWait.set(JAVA_LONG, WAIT_BYTES + 8, nanos % NANOS_PER_SECOND);
    return enter(minimum, enterFlags | ENTER_EXT_ARG, timedWait.address(), WAIT_BYTES);
  }

  private int enter(int minimum, int flags, long argument, long argumentBytes) {
    submissions.publish();
    int result;
    do {
      enters++;
      result =
          (int)
              Syscall.call(
                  Syscall.IO_URING_ENTER,
                  enterFd,
                  submissions.pending(),
                  minimum,
                  flags,
                  argument,
                  argumentBytes);
    } while (result == -Errnos.EINTR);
    return result;
  }

  /**
   * Whether entering the kernel, even without waiting, may make completions ready. A ring of one
   * thread can look at this instead of entering in vain, because its completions are made inside
   * its own calls.
   *
   * @return true also where the kernel does not tell (before 5.19)
   */
  public boolean workPending() {
    return (setupFlags & SETUP_TASKRUN_FLAG) == 0 || submissions.workPending();
  }

  /**
   * Lets entries name these files by their index, with {@link Sqe#FIXED_FILE}. The ring holds the
   * files open until it is closed. May be called once.
   */
  public void registerFiles(int... fds) throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment array = arena.allocateFrom(JAVA_INT, fds);
      register("io_uring_register(FILES)", REGISTER_FILES, array, fds.length);
    }
  }

  // struct io_uring_rsrc_update: offset@0:4 resv@4:4 data@8:8.
  private void registerSelf() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment update = arena.allocate(16, Long.BYTES);
      update.set(JAVA_INT, 0, ANY_INDEX);
      update.set(JAVA_LONG, 8, file.fd());
      register("io_uring_register(RING_FDS)", REGISTER_RING_FDS, update, 1);
      owner = Thread.currentThread();
      enterFd = update.get(JAVA_INT, 0);
      enterFlags |= ENTER_REGISTERED_RING;
    } catch (LinuxException e) {
      // Only a saving: kernels before 5.18 lack it, and a thread may register 16 rings at most.
      owner = null;
    }
  }

  private void unregisterSelf() throws LinuxException {
    if (owner == null) {
      return;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment update = arena.allocate(16, Long.BYTES);
      update.set(JAVA_INT, 0, enterFd);
      register("io_uring_register(UNREGISTER_RING_FDS)", UNREGISTER_RING_FDS, update, 1);
    }
    owner = null;
  }

  void register(String call, int operation, MemorySegment argument, int count)
      throws LinuxException {
    Syscall.check(
        call,
        Syscall.call(
            Syscall.IO_URING_REGISTER, file.fd(), operation, argument.address(), count, 0, 0));
  }

  /**
   * Closes the ring; the kernel cancels what is in flight. The queues must not be used again.
   * Closing twice has no effect.
   */
  @Override
  public void close() throws LinuxException {
    if (closed) {
      return;
    }
    requireOwner();
    closed = true;
    try {
      unregisterSelf();
    } finally {
      release(file, rings, entries);
    }
  }

  /**
   * Gives back what the process has of the ring. The kernel goes on holding it, its files and what
   * is in flight until the calling thread, the ring's own, ends; nothing completes any more until
   * then. Drivers need that which take back what they have lent from threads that end only: closing
   * makes the thread itself complete what is on its way, as if it were to go on.
   *
   * <p>A ring without an {@linkplain #selfRegistered index} is closed at once. Closing twice has no
   * effect.
   */
  public void closeWithThread() throws LinuxException {
    if (owner == null) {
      close();
    } else if (!closed) {
      requireOwner();
      closed = true;
      release(file, rings, entries);
    }
  }

  private void requireOwner() {
    if (owner != null && Thread.currentThread() != owner) {
      throw new IllegalStateException("a ring must be closed by the thread that opened it");
    }
  }

  private static void release(LinuxFile file, MemorySegment rings, MemorySegment entries) {
    if (rings != null) {
      Memory.unmap(rings);
    }
    if (entries != null) {
      Memory.unmap(entries);
    }
    file.close();
  }
}
