package io.zublk.ublk.control;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.zublk.ublk.UblkDeviceInfo;
import io.zublk.ublk.UblkException;
import io.zublk.ublk.UblkFeature;
import io.zublk.ublk.UblkOptions;
import io.zublk.ublk.UblkState;
import io.zublk.ublk.abi.UblkAbi;
import io.zublk.uring.Ring;
import io.zublk.uring.RingOptions;
import io.zublk.uring.Sqe;
import io.zublk.uring.SubmissionQueue;
import io.zublk.uring.sys.Errnos;
import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.LinuxFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The control plane of the ublk driver: one object per use, cheap to open.
 *
 * <p>Not thread-safe. Commands block; {@link #start} and {@link #stop} do so until queue threads
 * have served requests, hence never call them from one.
 */
public final class UblkControl implements AutoCloseable {

  /** What a driver must have; the first one that says so is Linux 6.5's. */
  private static final Set<UblkFeature> NEEDED = Set.of(UblkFeature.CMD_IOCTL_ENCODE);

  /**
   * What a device outlives its server with: what that had taken is sent again to the next one
   * (6.1), and the driver can be asked to hold requests back (6.16).
   */
  private static final Set<UblkFeature> RECOVERY =
      Set.of(UblkFeature.USER_RECOVERY, UblkFeature.USER_RECOVERY_REISSUE, UblkFeature.QUIESCE);

  private static final Path CONTROL = Path.of("/dev/ublk-control");
  private static final Path DEVICES = Path.of("/sys/class/ublk-char");
  private static final String DEVICE_PREFIX = "ublkc";
  private static final int NO_DEVICE = -1;

  // CONFIG_NR_CPUS is at most 8192; the driver refuses a shorter mask than its own.
  private static final int CPU_MASK_BYTES = 8192 / Byte.SIZE;

  private final LinuxFile file;
  private final Ring ring;

  UblkControl(LinuxFile file, Ring ring) {
    this.file = file;
    this.ring = ring;
  }

  /** Opens the driver's control device. */
  public static UblkControl open() throws IOException {
    LinuxFile file;
    try {
      file = LinuxFile.open(CONTROL, LinuxFile.O_RDWR, 0);
    } catch (LinuxException e) {
      throw new UblkException(whyNotOpened(e), e.errno());
    }
    try {
      // The driver demands 128-byte entries. Any thread may stop a device: not bound to this one.
      return new UblkControl(file, Ring.open(new RingOptions(1, 0, true, false)));
    } catch (LinuxException e) {
      file.close();
      throw new UblkException("ublk needs io_uring: " + e.getMessage(), e.errno());
    }
  }

  private static String whyNotOpened(LinuxException e) {
    return switch (e.errno()) {
      case Errnos.ENOENT, Errnos.ENODEV, Errnos.ENXIO ->
          "the kernel has no ublk driver (no " + CONTROL + "); load it with: modprobe ublk_drv";
      case Errnos.EACCES, Errnos.EPERM -> "may not open " + CONTROL + "; run as root";
      default -> e.getMessage();
    };
  }

  /** The ids of all ublk devices of this machine, whoever serves them. */
  public static List<Integer> deviceIds() throws IOException {
    if (!Files.isDirectory(DEVICES)) {
      return List.of();
    }
    try (Stream<Path> entries = Files.list(DEVICES)) {
      return entries
          .map(entry -> entry.getFileName().toString())
          .filter(name -> name.matches(DEVICE_PREFIX + "\\d+"))
          .map(name -> Integer.valueOf(name.substring(DEVICE_PREFIX.length())))
          .sorted()
          .toList();
    }
  }

  /** What this driver can do. Needs kernel 6.5. */
  public Set<UblkFeature> features() throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment mask = arena.allocate(JAVA_LONG);
      int result = command(UblkAbi.GET_FEATURES, NO_DEVICE, UblkAbi.NO_QUEUE, mask, 0);
      return switch (-result) {
        case 0 -> UblkFeature.fromMask(mask.get(JAVA_LONG, 0));
        case Errnos.EPERM, Errnos.EACCES ->
            throw failure("ask the ublk driver for its features", result);
        // An older one looks for the device that the command does not name, or knows no such one.
        default -> throw tooOld(-result);
      };
    }
  }

  /**
   * Makes sure that the driver can do what a server needs. One of Linux 6.0 to 6.4 can be opened,
   * too.
   */
  public void requireUsable() throws IOException {
    if (!features().containsAll(NEEDED)) {
      throw tooOld(Errnos.EOPNOTSUPP);
    }
  }

  private static UblkException tooOld(int errno) {
    return new UblkException("this kernel's ublk driver is too old; it needs Linux 6.5", errno);
  }

  /**
   * Adds a device, which then must be {@linkplain #start started} or {@linkplain #delete deleted}.
   *
   * @return the device as granted, maybe with fewer queues, and without what it may lack
   */
  public UblkDeviceInfo add(UblkOptions options) throws IOException {
    EnumSet<UblkFeature> features = EnumSet.copyOf(NEEDED);
    if (options.batchIo()) {
      features.add(UblkFeature.BATCH_IO);
    }
    if (options.recoverable()) {
      features.addAll(RECOVERY);
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment info = arena.allocate(UblkAbi.INFO_BYTES, Long.BYTES);
      info.set(JAVA_SHORT, UblkAbi.INFO_QUEUES, (short) options.queues());
      info.set(JAVA_SHORT, UblkAbi.INFO_DEPTH, (short) options.depth());
      info.set(JAVA_INT, UblkAbi.INFO_MAX_IO_BYTES, options.maxIoBytes());
      info.set(JAVA_INT, UblkAbi.INFO_ID, options.id());
      info.set(JAVA_LONG, UblkAbi.INFO_FLAGS, UblkFeature.toMask(features));
      info.set(JAVA_LONG, UblkAbi.INFO_COOKIE, options.cookie());
      int result = command(UblkAbi.ADD_DEV, options.id(), UblkAbi.NO_QUEUE, info, 0);
      if (result < 0) {
        throw addFailure(options.id(), result);
      }
      UblkDeviceInfo granted = read(info);
      requireGranted(granted);
      return granted;
    }
  }

  private static UblkException addFailure(int id, int result) {
    return switch (-result) {
      case Errnos.EEXIST -> new UblkException("ublk device id " + id + " is taken", -result);
      case Errnos.EPERM -> new UblkException("may not add a ublk device; run as root", -result);
      case Errnos.EACCES ->
          new UblkException(
              "the ublk driver's limit of devices is reached; raise"
                  + " /sys/module/ublk_drv/parameters/ublks_max",
              -result);
      default -> failure("add a ublk device", result);
    };
  }

  // The driver clears bits it does not know instead of refusing them.
  private void requireGranted(UblkDeviceInfo granted) throws IOException {
    Set<UblkFeature> missing = EnumSet.copyOf(NEEDED);
    missing.removeAll(granted.features());
    if (!missing.isEmpty()) {
      delete(granted.id());
      throw new UblkException("this kernel's ublk driver lacks " + missing, Errnos.EOPNOTSUPP);
    }
  }

  /** Sets the disk's limits, before {@link #start}, and makes sure the driver took them. */
  public void setParameters(int id, UblkParameters parameters) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment params = arena.allocate(UblkAbi.PARAMS_BYTES, Long.BYTES);
      parameters.write(params);
      int result = command(UblkAbi.SET_PARAMS, id, UblkAbi.NO_QUEUE, params, 0);
      if (result < 0) {
        throw failure("set the parameters of ublk device " + id + " to " + parameters, result);
      }
    }
    UblkParameters taken = parameters(id);
    if (!taken.equals(parameters)) {
      throw new UblkException("the ublk driver made " + taken + " of " + parameters, Errnos.EINVAL);
    }
  }

  /** The disk's limits. */
  UblkParameters parameters(int id) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment params = arena.allocate(UblkAbi.PARAMS_BYTES, Long.BYTES);
      params.set(JAVA_INT, UblkAbi.PARAMS_LENGTH, UblkAbi.PARAMS_BYTES);
      int result = command(UblkAbi.GET_PARAMS, id, UblkAbi.NO_QUEUE, params, 0);
      if (result < 0) {
        throw failure("read the parameters of ublk device " + id, result);
      }
      return UblkParameters.read(params);
    }
  }

  /**
   * Tells the disk's users that it has another size, also while it is served or recovered. Needs
   * {@link UblkFeature#UPDATE_SIZE}.
   */
  public void updateSize(int id, long sizeBytes) throws IOException {
    long sectors = sizeBytes >> UblkAbi.SECTOR_SHIFT;
    int result = command(UblkAbi.UPDATE_SIZE, id, UblkAbi.NO_QUEUE, MemorySegment.NULL, sectors);
    if (result < 0) {
      throw failure("change the size of ublk device " + id, result);
    }
  }

  /** What the driver knows of a device: its state, its server, its cookie. */
  public UblkDeviceInfo info(int id) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment info = arena.allocate(UblkAbi.INFO_BYTES, Long.BYTES);
      int result = command(UblkAbi.GET_DEV_INFO, id, UblkAbi.NO_QUEUE, info, 0);
      if (result < 0) {
        throw failure("look at ublk device " + id, result);
      }
      return read(info);
    }
  }

  private static UblkDeviceInfo read(MemorySegment info) {
    return new UblkDeviceInfo(
        info.get(JAVA_INT, UblkAbi.INFO_ID),
        Short.toUnsignedInt(info.get(JAVA_SHORT, UblkAbi.INFO_QUEUES)),
        Short.toUnsignedInt(info.get(JAVA_SHORT, UblkAbi.INFO_DEPTH)),
        info.get(JAVA_INT, UblkAbi.INFO_MAX_IO_BYTES),
        UblkState.of(Short.toUnsignedInt(info.get(JAVA_SHORT, UblkAbi.INFO_STATE))),
        info.get(JAVA_INT, UblkAbi.INFO_SERVER_PID),
        UblkFeature.fromMask(info.get(JAVA_LONG, UblkAbi.INFO_FLAGS)),
        info.get(JAVA_LONG, UblkAbi.INFO_COOKIE));
  }

  /** The CPUs whose requests come to a queue. */
  public BitSet queueAffinity(int id, int queue) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment mask = arena.allocate(CPU_MASK_BYTES, Long.BYTES);
      int result = command(UblkAbi.GET_QUEUE_AFFINITY, id, queue, mask, queue);
      if (result < 0) {
        throw failure("read the affinity of queue " + queue + " of ublk device " + id, result);
      }
      return BitSet.valueOf(mask.toArray(JAVA_LONG));
    }
  }

  /**
   * Makes the disk appear. Blocks until every tag of every queue was fetched, and until the disk
   * was searched for partitions, whose reads the queue threads must serve meanwhile.
   *
   * @param serverPid the process that opened the character device
   */
  public void start(int id, long serverPid) throws IOException {
    int result;
    do {
      result = command(UblkAbi.START_DEV, id, UblkAbi.NO_QUEUE, MemorySegment.NULL, serverPid);
    } while (result == -Errnos.EINTR);
    if (result < 0) {
      throw failure("start ublk device " + id, result);
    }
  }

  /**
   * Begins to recover a device, which then must be opened, and all its tags fetched.
   *
   * @return 0 or a negative errno: EBUSY while it is served, or the driver has not finished with
   *     the server that died; EINVAL if it cannot be recovered
   */
  int startRecovery(int id) {
    return command(UblkAbi.START_USER_RECOVERY, id, UblkAbi.NO_QUEUE, MemorySegment.NULL, 0);
  }

  /**
   * Ends the recovery of a device: lets go the requests that have waited. Blocks until every tag of
   * every queue was fetched.
   *
   * @param serverPid the process that opened the character device
   */
  void endRecovery(int id, long serverPid) throws IOException {
    int result;
    do {
      result =
          command(UblkAbi.END_USER_RECOVERY, id, UblkAbi.NO_QUEUE, MemorySegment.NULL, serverPid);
    } while (result == -Errnos.EINTR);
    if (result < 0) {
      throw failure("recover ublk device " + id, result);
    }
  }

  /**
   * Holds back all requests that the server has not got yet. Blocks until each queue has a tag that
   * is idle; all that are then end with ENODEV.
   */
  void quiesce(int id) throws IOException {
    int result;
    do {
      // With a time limit that is over, the driver would hold requests back and tell nobody.
      result = command(UblkAbi.QUIESCE_DEV, id, UblkAbi.NO_QUEUE, MemorySegment.NULL, 0);
    } while (result == -Errnos.EINTR);
    if (result < 0) {
      throw failure("quiesce ublk device " + id, result);
    }
  }

  /** Removes the disk, once its requests are served; each queue's tags then end with ENODEV. */
  public void stop(int id) throws IOException {
    int result = command(UblkAbi.STOP_DEV, id, UblkAbi.NO_QUEUE, MemorySegment.NULL, 0);
    if (result < 0) {
      throw failure("stop ublk device " + id, result);
    }
  }

  /** Deletes a device, stopping it if need be. Blocks until nobody has the char device open. */
  public void delete(int id) throws IOException {
    int result;
    do {
      result = command(UblkAbi.DEL_DEV, id, UblkAbi.NO_QUEUE, MemorySegment.NULL, 0);
    } while (result == -Errnos.EINTR);
    if (result < 0) {
      throw failure("delete ublk device " + id, result);
    }
  }

  // struct ublksrv_ctrl_cmd: dev_id@0:4 queue_id@4:2 len@6:2 addr@8:8 data@16:8 path_len@24:2.
  private int command(int operation, int id, int queue, MemorySegment buffer, long data) {
    SubmissionQueue queueOfRing = ring.submissions();
    MemorySegment sqes = queueOfRing.memory();
    long at = queueOfRing.next();
    long first = Integer.toUnsignedLong(id) | (long) queue << 32 | buffer.byteSize() << 48;
    Sqe.command(sqes, at, 0, file.fd(), operation, first, buffer.address(), 0);
    sqes.set(JAVA_LONG, at + Sqe.COMMAND_OFFSET + 16, data);
    sqes.set(JAVA_LONG, at + Sqe.COMMAND_OFFSET + 24, 0);
    while (ring.completions().ready() == 0) {
      int entered = ring.submitAndWait(1);
      if (entered < 0) {
        // Not taken, for lack of memory; left behind it would be sent in place of the next command.
        queueOfRing.retract();
        return entered;
      }
    }
    int result = ring.completions().result(0);
    ring.completions().advance(1);
    return result;
  }

  static UblkException failure(String what, int result) {
    int errno = -result;
    String why =
        switch (errno) {
          case Errnos.EPERM, Errnos.EACCES -> "not permitted; run as root";
          case Errnos.ENODEV -> "there is no such device";
          case Errnos.EBUSY -> "it is in use";
          default -> Errnos.message(errno) + " (" + Errnos.name(errno) + ")";
        };
    return new UblkException("cannot " + what + ": " + why, errno);
  }

  @Override
  public void close() throws IOException {
    ring.close();
    file.close();
  }
}
