package io.zublk.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.daemon.SizeFuzz;
import io.zublk.daemon.control.ControlFuzz;
import io.zublk.daemon.registry.RecordFuzz;
import io.zublk.nbd.AddressFuzz;
import io.zublk.nbd.HandshakeFuzz;
import io.zublk.nbd.RequestsFuzz;
import io.zublk.store.StoreFuzz;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Runs Jazzer on each target in a JVM of its own: all that the corpus in the repository has, and
 * what it makes of it.
 *
 * <p>System properties: {@code fuzz.seconds} for each target; {@code fuzz.targets} a regular
 * expression; {@code fuzz.seed} 0 for other inputs each time. A build has the same inputs, as far
 * as its time goes: what it tests does not depend on luck. What is found new is kept below {@code
 * target/fuzz} for the next run.
 */
class FuzzTest {

  private static final Path CORPUS = Path.of("corpus").toAbsolutePath();
  private static final Path FOUND = Path.of("target", "fuzz").toAbsolutePath();
  private static final Pattern WHAT_WAS_FOUND =
      Pattern.compile("^== Java |^(Caused by|Base64): |ERROR: libFuzzer");
  private static final Pattern RUNS = Pattern.compile("Done (\\d+) runs");

  /** For the JVM's start and end, and one last input that hangs. */
  private static final int SECONDS_BESIDES = 120;

  static Stream<Class<?>> targets() {
    Pattern wanted = Pattern.compile(System.getProperty("fuzz.targets"));
    return Stream.of(
            AddressFuzz.class,
            ControlFuzz.class,
            HandshakeFuzz.class,
            RecordFuzz.class,
            RequestsFuzz.class,
            SizeFuzz.class,
            StoreFuzz.class)
        .filter(target -> wanted.matcher(target.getSimpleName()).matches());
  }

  @ParameterizedTest
  @MethodSource("targets")
  void nothingIsFound(Class<?> target) throws Exception {
    Path seeds = CORPUS.resolve(target.getSimpleName());
    Path found = FOUND.resolve(target.getSimpleName());
    Path inputs = Files.createDirectories(found.resolve("inputs"));
    Path log = found.resolve("log");
    int status = fuzz(target, inputs, seeds, log);
    String said = Files.readString(log);
    assertThat(status).as("%s: %s; see %s\n%s", target, found(said), log, end(said)).isZero();
    // How many more there were depends on the machine.
    assertThat(runs(said)).isGreaterThanOrEqualTo(count(seeds));
  }

  private static int fuzz(Class<?> target, Path inputs, Path seeds, Path log)
      throws IOException, InterruptedException {
    int seconds = Integer.getInteger("fuzz.seconds");
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx1g",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            "com.code_intelligence.jazzer.Jazzer",
            "--target_class=" + target.getName(),
            // Coverage of what the target is about; of all else only speed matters.
            "--instrumentation_includes="
                + target.getPackageName()
                + ".**:com.fasterxml.jackson.jr.**",
            "--custom_hook_excludes=**", // these look for injections, of which there can be none
            "--reproducer_path=" + inputs.getParent(),
            "-artifact_prefix=" + inputs.getParent() + "/",
            "-max_total_time=" + seconds,
            "-seed=" + System.getProperty("fuzz.seed"),
            "-timeout=30",
            "-rss_limit_mb=4096",
            inputs.toString(),
            seeds.toString());
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    try {
      boolean ended = process.waitFor(seconds + SECONDS_BESIDES, TimeUnit.SECONDS);
      assertThat(ended).as("in time; see %s", log).isTrue();
      return process.exitValue();
    } finally {
      process.destroyForcibly();
    }
  }

  private static long runs(String said) {
    Matcher matcher = RUNS.matcher(said);
    return matcher.find() ? Long.parseLong(matcher.group(1)) : 0;
  }

  private static long count(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.count();
    }
  }

  /** In one line, which is all that a build's log may show: what was thrown, and by which input. */
  private static String found(String said) {
    return said.lines().filter(WHAT_WAS_FOUND.asPredicate()).collect(Collectors.joining(", "));
  }

  private static String end(String text) {
    return text.substring(Math.max(0, text.length() - 4000));
  }
}
