package io.zublk.daemon;

import io.zublk.codec.Algorithm;
import io.zublk.codec.AutoPacking;
import io.zublk.codec.CodecSpec;
import io.zublk.daemon.launch.DaemonJvm;
import io.zublk.daemon.launch.MemoryRoom;
import io.zublk.daemon.machine.KernelVersion;
import io.zublk.daemon.machine.MemoryCgroup;
import io.zublk.daemon.machine.ProcFs;
import io.zublk.daemon.machine.UblkDriver;
import io.zublk.daemon.registry.RunDir;
import io.zublk.daemon.registry.StoreHome;
import io.zublk.ublk.UblkDevices;
import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.Mounts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Explains a machine: what zublk finds there, what that means, and what to do about it.
 *
 * <p>It changes nothing and needs no privileges. Kernel versions are those in which the features
 * appeared in mainline.
 */
public final class Doctor {

  /** How much a finding matters. */
  public enum Verdict {
    /** As it should be. */
    OK,
    /** Something is slower, weaker or missing, but devices can be had. */
    WARN,
    /** No device can be had. */
    FAIL
  }

  /**
   * One thing that was looked at.
   *
   * @param subject a word for it
   * @param what what was found
   * @param todo what to do, empty if there is nothing to do
   */
  public record Finding(Verdict verdict, String subject, String what, String todo) {}

  /** Below this a device has little to live from. */
  private static final long LITTLE_MEMORY_BYTES = 256L << 20;

  /** Each with its Debian package. */
  private static final Map<String, String> TOOLS =
      new TreeMap<>(Map.of("fio", "fio", "nbdcopy", "libnbd-bin", "nbdkit", "nbdkit"));

  /** Programs that are clients of vhost-user-blk. */
  private static final List<String> HYPERVISORS =
      List.of("qemu-system-x86_64", "qemu-system-aarch64", "cloud-hypervisor", "crosvm");

  private final List<Finding> findings = new ArrayList<>();
  private final KernelVersion kernel = KernelVersion.running();
  private final boolean root = ProcFs.effectiveUid() == 0;

  /** Looks at everything, in the order in which a reader would ask. */
  public List<Finding> examine() {
    examineKernel();
    examineCpu();
    examineUblk();
    examineIoUring();
    examineVhost();
    examinePrivileges();
    examineStoreMemory();
    examineFreeMemory();
    examineMemoryCgroup();
    examineRunDir();
    examineTools();
    examineJava();
    return List.copyOf(findings);
  }

  private void examineKernel() {
    String what = "Linux " + kernel.release();
    Optional<String> bug = kernel.ublkBug();
    if (bug.isPresent()) {
      warn("kernel", what + ": " + bug.get(), "update it before using ublk");
    } else if (!kernel.atLeast(6, 0)) {
      warn("kernel", what + " is older than ublk (6.0)", "update it, or use --transport nbd");
    } else {
      ok("kernel", what);
    }
  }

  private void examineCpu() {
    Optional<String> reason = CodecSpec.of(Algorithm.LZ4).unusable();
    reason.ifPresentOrElse(
        why -> warn("cpu", why, "use --algorithm zstd"), () -> ok("cpu", "runs every codec"));
    AutoPacking auto = AutoPacking.ofThisMachine();
    ok("algorithm", "auto is %s: %s".formatted(auto.packing(), auto.reason()));
  }

  private void examineUblk() {
    UblkDriver driver = UblkDriver.ofThisMachine();
    if (driver != UblkDriver.LOADED) {
      warn("ublk", driver.what(), driver.todo());
      return;
    }
    try {
      ok("ublk", "driver with " + UblkDevices.features());
    } catch (IOException e) {
      warn("ublk", e.getMessage(), "or use --transport nbd");
    }
  }

  private void examineIoUring() {
    // Documentation/admin-guide/sysctl/kernel.rst, "io_uring_disabled", since 6.6
    String setting = firstLine(Path.of("/proc/sys/kernel/io_uring_disabled")).orElse("0");
    if (setting.equals("0") || (setting.equals("1") && root)) {
      ok("io_uring", "allowed (io_uring_disabled=" + setting + ")");
    } else {
      warn(
          "io_uring",
          "disabled for this user (io_uring_disabled=" + setting + "); ublk needs it",
          "sysctl kernel.io_uring_disabled=0, or use --transport nbd");
    }
  }

  private void examineVhost() {
    List<String> there = HYPERVISORS.stream().filter(Doctor::isOnPath).toList();
    ok(
        "vhost-user",
        "--transport vhost needs no driver; "
            + (there.isEmpty()
                ? "QEMU, cloud-hypervisor and libblkio are clients, none is on the PATH"
                : "clients on the PATH: " + String.join(", ", there)));
  }

  private void examinePrivileges() {
    if (root) {
      ok("privileges", "root");
    } else {
      warn(
          "privileges",
          "user " + ProcFs.effectiveUid() + ": NBD only, and store files in /dev/shm",
          "run as root for ublk and for memory that is never swapped");
    }
  }

  private void examineStoreMemory() {
    boolean swap = hasSwap();
    if (!root) {
      examineSharedMemory(swap);
    } else if (kernel.atLeast(6, 4)) {
      ok("store", "tmpfs with noswap (6.4 or newer)");
    } else if (swap) {
      warn(
          "store",
          "this kernel has no noswap tmpfs: what a device holds can be swapped out",
          "update to 6.4 or newer before a device backs swap");
    } else {
      ok("store", "tmpfs; there is no swap it could go to");
    }
  }

  private void examineSharedMemory(boolean swap) {
    try {
      long free = Mounts.fileSystem(Path.of(StoreHome.SHARED)).availableBytes();
      String what = "/dev/shm with " + bytes(free) + " free";
      if (!Files.isWritable(Path.of(StoreHome.SHARED))) {
        fail("store", "/dev/shm cannot be written", "chmod 1777 /dev/shm, or run as root");
      } else if (free < LITTLE_MEMORY_BYTES) {
        warn("store", what, "delete what lies there, or mount it larger");
      } else if (swap) {
        warn("store", what + "; what a device holds can be swapped out", "run as root");
      } else {
        ok("store", what);
      }
    } catch (LinuxException e) {
      fail("store", "no /dev/shm: " + e.getMessage(), "mount a tmpfs there, or run as root");
    }
  }

  private static boolean hasSwap() {
    try {
      return ProcFs.lines(Path.of("/proc/swaps")).size() > 1;
    } catch (IOException e) {
      return false;
    }
  }

  private void examineFreeMemory() {
    long available = ProcFs.availableMemoryBytes();
    String what = bytes(available) + " of " + bytes(ProcFs.totalMemoryBytes()) + " available";
    if (available < LITTLE_MEMORY_BYTES) {
      warn("memory", what, "free some, or give devices a --mem-limit");
    } else {
      ok("memory", what);
    }
  }

  private void examineMemoryCgroup() {
    Optional<MemoryCgroup> tightest = MemoryCgroup.tightest();
    if (tightest.isEmpty()) {
      ok("cgroup", "no memory cgroup limits what devices take");
      return;
    }
    MemoryCgroup group = tightest.get();
    long process = DaemonJvm.mostBytes(NbdConfig.DEFAULT);
    String what =
        "%s limits programs to %s; %s are left, and a device's process may need %s of it"
            .formatted(
                group.directory(),
                bytes(group.limitBytes()),
                bytes(group.freeBytes()),
                bytes(process));
    if (group.freeBytes() - process < LITTLE_MEMORY_BYTES) {
      warn("cgroup", what, "raise its limit, or make small devices");
    } else {
      ok("cgroup", what);
    }
  }

  /** Programs that people use devices with, and that bench measures with. */
  private void examineTools() {
    List<String> missing =
        TOOLS.keySet().stream().filter(tool -> !isOnPath(tool)).sorted().toList();
    if (missing.isEmpty()) {
      ok("tools", String.join(", ", TOOLS.keySet()));
    } else {
      String packages =
          missing.stream().map(TOOLS::get).distinct().collect(Collectors.joining(" "));
      warn(
          "tools",
          "no " + String.join(", no ", missing) + "; devices need none of them",
          "apt-get install " + packages + ", or the like");
    }
  }

  private static boolean isOnPath(String tool) {
    return Arrays.stream(System.getenv().getOrDefault("PATH", "").split(":", -1))
        .anyMatch(directory -> Files.isExecutable(Path.of(directory, tool)));
  }

  private void examineRunDir() {
    try {
      RunDir runDir = RunDir.ofEnvironment();
      Path path = runDir.path();
      Path existing = path;
      while (!Files.exists(existing)) {
        existing = existing.getParent();
      }
      if (!Files.isDirectory(existing) || !Files.isWritable(existing)) {
        fail("run dir", existing + " cannot be written", "set " + RunDir.VARIABLE);
      } else {
        ok("run dir", path + (runDir.exists() ? "" : ", will be made"));
      }
    } catch (UserException e) {
      fail("run dir", UserException.lineFor(e), "");
    }
  }

  private void examineJava() {
    String what = System.getProperty("java.vendor") + " " + Runtime.version();
    // The launcher has checked the version, or nobody would read this.
    ok("java", what + " in " + System.getProperty("java.home"));
  }

  private static Optional<String> firstLine(Path file) {
    try {
      return ProcFs.lines(file).stream().findFirst().map(String::strip);
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static String bytes(long bytes) {
    return MemoryRoom.text(bytes);
  }

  private void ok(String subject, String what) {
    findings.add(new Finding(Verdict.OK, subject, what, ""));
  }

  private void warn(String subject, String what, String todo) {
    findings.add(new Finding(Verdict.WARN, subject, what, todo));
  }

  private void fail(String subject, String what, String todo) {
    findings.add(new Finding(Verdict.FAIL, subject, what, todo));
  }
}
