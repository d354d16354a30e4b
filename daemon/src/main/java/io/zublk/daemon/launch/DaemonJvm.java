package io.zublk.daemon.launch;

import io.zublk.codec.LineVectors;
import io.zublk.daemon.DeviceConfig;
import io.zublk.daemon.JavaOptions;
import io.zublk.daemon.NbdConfig;
import io.zublk.daemon.machine.SwapProtections;
import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** How the JVM of a device's process is started: the one place for its flags, with the reasons. */
public final class DaemonJvm {

  /**
   * The heap but for NBD's clients. 3 MB of it live after a start; the I/O path allocates nothing,
   * and a control command some hundred kilobytes that are garbage when it is answered. More CPUs
   * have more queues and threads, with counters and ring objects for each.
   */
  private static final long HEAP_BYTES =
      (8L << 20) + Runtime.getRuntime().availableProcessors() * (128L << 10);

  /** What an NBD client takes of the heap: 4 KiB on two CPUs, and 48 bytes for each worker more. */
  private static final long CLIENT_HEAP_BYTES = 8L << 10;

  /** A trim takes some 100 µs in a thread of its own, beside the I/O path. */
  private static final int TRIM_INTERVAL_MS = 10_000;

  /** Where the AOT caches lie; not set where there are none, as in tests. */
  private static final String CACHES = "zublk.aot";

  /** The cache of devices that code lines: it has what the compiler has learnt of their coder. */
  private static final String LINE_CACHE = "device-line";

  /** Set while the caches are made: where to record devices' processes to. */
  private static final String RECORDINGS = "zublk.aot.record";

  /** What a process takes more that has all of its code and stacks in memory, and locked. */
  private static final long LOCKED_BYTES = 100L << 20;

  private DaemonJvm() {}

  /**
   * Beside heap and buffers, measured: 60 to 67 MiB of an idle process (docs/decisions/0007), and
   * in its first seconds, when most is compiled, 73.1 with lz4 and 74.5 with line+lz4, which trains
   * its vectors then. Under 16 busy connections it is 69 and 73.
   */
  private static final long CODE_AND_STACKS_BYTES = 76L << 20;

  /** The most memory that a device's process takes beside its data, in bytes. */
  public static long mostBytes(NbdConfig nbd) {
    return heapBytes(nbd) + nbd.options().maxDirectMemoryBytes() + CODE_AND_STACKS_BYTES;
  }

  /** The same of a certain device's process, and of one that stands by, which has no clients. */
  public static long mostBytes(DeviceConfig device) {
    long locked = device.swap() ? LOCKED_BYTES : 0;
    return mostBytes(device.nbd())
        + locked
        + (device.standby() ? heapBytes(device.nbd()) + CODE_AND_STACKS_BYTES + locked : 0);
  }

  /**
   * The command line for {@code mainClass} with this JVM's own class path.
   *
   * @param crashReport where the JVM is to say why it crashed
   */
  public static List<String> command(
      Class<?> mainClass, Path crashReport, DeviceConfig device, List<String> arguments) {
    List<String> vectors = vectorFlags(device);
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(flags(crashReport, device.nbd()));
    if (device.swap()) {
      command.addAll(SwapProtections.jvmFlags());
    }
    command.addAll(vectors);
    List<String> users = JavaOptions.ofEnvironment();
    // A cache is of a JVM with our flags alone; one with others may refuse it, and to start.
    command.addAll(
        users.isEmpty() ? aotFlags(vectors.isEmpty() ? "device" : LINE_CACHE) : List.of());
    command.addAll(users); // last: these win
    command.add("-cp");
    command.add(absoluteClassPath());
    command.add(mainClass.getName());
    command.addAll(arguments);
    return command;
  }

  /** The heap in bytes, fixed, with room for the most clients there can be. */
  private static long heapBytes(NbdConfig nbd) {
    return HEAP_BYTES + nbd.options().maxConnections() * CLIENT_HEAP_BYTES;
  }

  private static List<String> flags(Path crashReport, NbdConfig nbd) {
    return List.of(
        "-Xms" + heapBytes(nbd),
        "-Xmx" + heapBytes(nbd),
        // One small heap: a parallel collector would only add threads and card tables.
        "-XX:+UseSerialGC",
        // A device that backs swap must not fault its own heap in while it makes room.
        "-XX:+AlwaysPreTouch",
        // A process that lacks memory ends at once, and its store file keeps the data; a process
        // that limps on would hang its clients.
        "-XX:+ExitOnOutOfMemoryError",
        // Compilers leave megabytes behind that the C library would keep.
        "-XX:TrimNativeHeapInterval=" + TRIM_INTERVAL_MS,
        // Else each record that is read from JSON has the JVM write classes to call its
        // constructor.
        "-Djdk.reflect.useNativeAccessorOnly=true",
        // No file in /tmp, and no page of it to fault.
        "-XX:-UsePerfData",
        // Where to look after a crash of the JVM itself; the default is the working directory.
        "-XX:ErrorFile=" + crashReport,
        // Buffers of NBD connections; the limit that comes with a small heap would be too low.
        "-XX:MaxDirectMemorySize=" + (nbd.options().maxDirectMemoryBytes() + HEAP_BYTES),
        // Reserved address space, not memory; generous for two transports and all codecs.
        "-XX:ReservedCodeCacheSize=64m",
        "-XX:MaxMetaspaceSize=64m",
        "-Xss512k",
        // In the foreground, standard output is the device's path and nothing else.
        "-Xlog:disable",
        "-Xlog:all=warning:stderr",
        // A cache that does not fit, or no longer, is none.
        "-Xlog:aot*=off:stderr",
        "-Xlog:cds*=off:stderr",
        // System calls and native codecs are called through FFM.
        "--enable-native-access=ALL-UNNAMED");
  }

  /** What other devices have no use for, and would wait for when they start. */
  private static List<String> vectorFlags(DeviceConfig device) {
    return device.storeOptions().packing().lineFirst() ? LineVectors.jvmOptions() : List.of();
  }

  /** {@code cache}: its name, for a JVM with other modules takes no other's. */
  private static List<String> aotFlags(String cache) {
    String recordings = System.getProperty(RECORDINGS);
    if (recordings != null) {
      Path file = Path.of(recordings, cache + ".conf");
      List<String> record = List.of("-XX:AOTMode=record", "-XX:AOTConfiguration=" + file);
      return cache.equals(LINE_CACHE) ? record : withoutProfiles(record);
    }
    String caches = System.getProperty(CACHES);
    return caches == null
        ? List.of()
        : List.of("-XX:AOTMode=auto", "-XX:AOTCache=" + Path.of(caches, cache + ".aot"));
  }

  /** By the profiles of a start the second compiler would compile at each start: 90 ms of a CPU. */
  private static List<String> withoutProfiles(List<String> record) {
    List<String> flags = new ArrayList<>(record);
    flags.addAll(List.of("-XX:+UnlockDiagnosticVMOptions", "-XX:-AOTRecordTraining"));
    return flags;
  }

  private static String absoluteClassPath() {
    return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator, -1))
        .map(entry -> Path.of(entry).toAbsolutePath().toString())
        .collect(Collectors.joining(File.pathSeparator));
  }
}
