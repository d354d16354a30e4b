package io.zublk.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The distribution's {@code zublk} with a run directory of its own, as a shell would use it. */
final class Zublk {

  /** Far more than anything takes, also while other tests keep the machine busy. */
  private static final long LIMIT_S = 120;

  private static final String KEEPER = "/libexec/keeper";

  static final Path DIST = Path.of(System.getProperty("zublk.dist")).toAbsolutePath();

  private final Path program;
  private final Path runDir;
  private final Path scratch;

  /** What a command did. */
  record Result(int status, String out, String err) {

    Result ok() {
      assertThat(status).as("status; stderr: %s", err).isZero();
      return this;
    }

    /** A refusal: no output, and one line that contains every one of these words. */
    Result refused(String... words) {
      assertThat(status).isNotZero();
      assertThat(out).isEmpty();
      assertThat(err).startsWith("zublk: ").hasLineCount(1);
      for (String word : words) {
        assertThat(err).contains(word);
      }
      return this;
    }

    String line() {
      assertThat(out).hasLineCount(1);
      return out.strip();
    }
  }

  Zublk(Path scratch) {
    this(scratch, DIST);
  }

  Zublk(Path scratch, Path dist) {
    this(scratch, dist, scratch.resolve("run"));
  }

  Zublk(Path scratch, Path dist, Path runDir) {
    this.program = dist.resolve("bin").resolve("zublk");
    this.scratch = scratch;
    this.runDir = runDir;
  }

  Path runDir() {
    return runDir;
  }

  /** Starts a command in the directory {@code /}. */
  Process start(List<String> prefix, String... arguments) throws IOException {
    List<String> command = new ArrayList<>(prefix);
    command.add(program.toString());
    command.addAll(List.of(arguments));
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(Path.of("/").toFile())
            .redirectInput(Path.of("/dev/null").toFile())
            .redirectError(Files.createTempFile(scratch, "stderr", "").toFile());
    builder.environment().put("ZUBLK_RUN_DIR", runDir.toString());
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    builder.environment().remove("JAVA_TOOL_OPTIONS");
    Process process = builder.start();
    stderrOf.put(process, builder.redirectError().file().toPath());
    return process;
  }

  private final Map<Process, Path> stderrOf = new java.util.concurrent.ConcurrentHashMap<>();

  Result run(String... arguments) throws Exception {
    return await(start(List.of(), arguments));
  }

  /** Runs a command as the user {@code nobody}. */
  Result runAsNobody(String... arguments) throws Exception {
    List<String> prefix =
        List.of("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--");
    return await(start(prefix, arguments));
  }

  Result await(Process process) throws Exception {
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(LIMIT_S, TimeUnit.SECONDS)).isTrue();
    return new Result(process.exitValue(), out, stderr(process));
  }

  /** What a command has said on standard error so far. */
  String stderr(Process process) throws IOException {
    return Files.readString(stderrOf.get(process));
  }

  /** Creates a device and returns what {@code --json} says about it. */
  Map<String, Object> create(String... options) throws Exception {
    List<String> arguments = new ArrayList<>(List.of("create", "--json", "--transport", "nbd"));
    arguments.addAll(List.of(options));
    return JSON.std.mapFrom(run(arguments.toArray(String[]::new)).ok().line());
  }

  /** Takes a dead device into service again and returns what {@code --json} says about it. */
  Map<String, Object> recover(Object device) throws Exception {
    return JSON.std.mapFrom(run("recover", "--json", device.toString()).ok().line());
  }

  Map<String, Object> stat(Object device) throws Exception {
    return JSON.std.mapFrom(run("stat", device.toString(), "--json").ok().line());
  }

  /** As soon as a device that was started elsewhere answers. */
  Map<String, Object> statWhenServed(Object device) throws Exception {
    while (run("stat", device.toString()).status() != 0) {
      Thread.sleep(100);
    }
    return stat(device);
  }

  /** As soon as the statistics of a device are as wanted, which they become. */
  Map<String, Object> statWhen(Object device, Predicate<Map<String, Object>> isWanted)
      throws Exception {
    long begin = System.nanoTime();
    Map<String, Object> stat = stat(device);
    while (!isWanted.test(stat) && System.nanoTime() - begin < TimeUnit.SECONDS.toNanos(LIMIT_S)) {
      Thread.sleep(100);
      stat = stat(device);
    }
    assertThat(stat).matches(isWanted);
    return stat;
  }

  /** Upgrades a device, and waits for the end of the process that served it; what JSON says. */
  Map<String, Object> upgrade(Object device) throws Exception {
    Object before = stat(device).get("pid");
    Map<String, Object> next =
        JSON.std.mapFrom(run("upgrade", "--json", device.toString()).ok().line());
    awaitEnd(before);
    return next;
  }

  /** What is written down about a device, dead or alive. */
  Map<String, Object> record(int id) throws IOException {
    return JSON.std.mapFrom(Files.readString(runDir.resolve(id + "/device.json")));
  }

  /** Where the data of a device are, dead or alive. */
  Path storeFile(int id) throws IOException {
    return Path.of(record(id).get("storeFile").toString());
  }

  /** Fails if anything is left of any device of this run directory. */
  void assertNothingLeft() throws IOException {
    if (Files.exists(runDir)) {
      try (Stream<Path> entries = Files.list(runDir)) {
        assertThat(entries).isEmpty();
      }
    }
    assertThat(Files.readString(Path.of("/proc/mounts"), StandardCharsets.ISO_8859_1))
        .doesNotContain(runDir.toString());
    assertThat(processes()).as(this::commandLines).isEmpty();
    assertThat(keepers()).as(this::commandLines).isEmpty();
  }

  /** The processes that serve devices of this run directory. */
  List<Long> processes() {
    return processes(line -> !line.contains(KEEPER));
  }

  /** Those that start others when they die. */
  List<Long> keepers() {
    return processes(line -> line.contains(KEEPER));
  }

  private String commandLines() {
    return Stream.concat(processes().stream(), keepers().stream())
        .map(pid -> pid + ": " + commandLine(pid).replace('\0', ' '))
        .collect(Collectors.joining("\n"));
  }

  /** A keeper ends as soon as it has noticed that its device has. */
  void awaitNoKeeper() throws Exception {
    while (!keepers().isEmpty()) {
      Thread.sleep(10);
    }
  }

  private List<Long> processes(Predicate<String> commandLine) {
    return ProcessHandle.allProcesses()
        .filter(process -> {
          String line = commandLine(process.pid());
          return line.contains("\"runDir\":\"" + runDir + "\"") && commandLine.test(line);
        })
        .map(ProcessHandle::pid)
        .toList();
  }

  private static String commandLine(long pid) {
    try {
      return Files.readString(Path.of("/proc/" + pid + "/cmdline"), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return "";
    }
  }

  /** Runs somebody else's program, which must succeed. */
  static String tool(String... command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as("%s: %s", List.of(command), out).isZero();
    return out;
  }

  /** A new directory below {@code scratch} for a PATH on which there is nothing but these. */
  static Path pathOf(Path scratch, String... tools) throws IOException {
    Path path = Files.createDirectory(scratch.resolve("path"));
    for (String tool : tools) {
      Path real = Path.of("/bin", tool);
      if (Files.exists(real)) {
        Files.createSymbolicLink(path.resolve(tool), real);
      }
    }
    return path;
  }

  /** Waits until a process has ended, whether or not its parent has noticed. */
  static void awaitEnd(Object pid) throws Exception {
    while (isRunning(Path.of("/proc/" + pid + "/stat"))) {
      Thread.sleep(10);
    }
  }

  /**
   * A zombie, should nobody wait for it, has closed its files; before that it has locks. But a
   * process is called a zombie from the end of its first thread on, while others have the files.
   */
  private static boolean isRunning(Path processStat) {
    try {
      String stat = Files.readString(processStat, StandardCharsets.ISO_8859_1);
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
      int threads = Integer.parseInt(fields[17]); // field 20 of proc(5); the first here is its 3rd
      return !"ZX".contains(fields[0]) || threads > 1;
    } catch (IOException e) {
      return false;
    }
  }

  static void kill(Object pid, String signal) throws Exception {
    tool("kill", "-" + signal, pid.toString());
  }

  /** Kills a process, and returns when it is gone. */
  static void die(Object pid) throws Exception {
    kill(pid, "KILL");
    awaitEnd(pid);
  }

  /** Has a process stand still; until one of its threads has seen the signal, all go on. */
  static void suspend(Object pid) throws Exception {
    kill(pid, "STOP");
    while (!standsStill(Path.of("/proc", pid.toString(), "task"))) {
      Thread.sleep(1);
    }
  }

  private static boolean standsStill(Path tasks) throws IOException {
    try (DirectoryStream<Path> threads = Files.newDirectoryStream(tasks)) {
      for (Path thread : threads) {
        if (!Files.readString(thread.resolve("stat")).contains(") T ")) {
          return false;
        }
      }
      return true;
    } catch (NoSuchFileException e) {
      return false; // a thread that has just ended
    }
  }
}
