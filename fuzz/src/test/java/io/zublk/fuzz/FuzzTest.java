package io.zublk.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.codec.LineFuzz;
import io.zublk.daemon.SizeFuzz;
import io.zublk.daemon.control.ControlFuzz;
import io.zublk.daemon.registry.RecordFuzz;
import io.zublk.nbd.AddressFuzz;
import io.zublk.nbd.HandOverFuzz;
import io.zublk.nbd.HandshakeFuzz;
import io.zublk.nbd.RequestsFuzz;
import io.zublk.store.SaveFuzz;
import io.zublk.store.StoreFuzz;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
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
 * <p>A build tries the same inputs each time and everywhere, as many as the target's {@link Runs}
 * say: what it finds is the work of the change that is built, and not luck. So nothing may depend
 * on time, on the order in which a file system lists the corpus, on what earlier runs have found,
 * or on threads: a target does all its work in the one that calls it. On a machine that is too slow
 * for all of them it tries the first of them.
 *
 * <p>System properties: {@code fuzz.seconds}, if not 0, tries other inputs each time, for so long a
 * target, and keeps those that reach new code below {@code target/fuzz} for the next run; {@code
 * fuzz.targets} is a regular expression.
 */
class FuzzTest {

  private static final Path CORPUS = Path.of("corpus").toAbsolutePath();
  private static final Path FOUND = Path.of("target", "fuzz").toAbsolutePath();
  private static final Pattern WHAT_WAS_FOUND =
      Pattern.compile("^== Java |^(Caused by|Base64): |ERROR: libFuzzer");
  private static final Pattern RUNS = Pattern.compile("Done (\\d+) runs");

  /** Several times what {@link Runs} take; only for machines that are slower still. */
  private static final int MAX_SECONDS_OF_A_BUILD = 60;

  /** For the JVM's start and end, and one last input that hangs. */
  private static final int SECONDS_BESIDES = 120;

  static Stream<Class<?>> targets() {
    Pattern wanted = Pattern.compile(System.getProperty("fuzz.targets"));
    return Stream.of(
            AddressFuzz.class,
            ControlFuzz.class,
            HandOverFuzz.class,
            HandshakeFuzz.class,
            LineFuzz.class,
            RecordFuzz.class,
            RequestsFuzz.class,
            SaveFuzz.class,
            SizeFuzz.class,
            StoreFuzz.class)
        .filter(target -> wanted.matcher(target.getSimpleName()).matches());
  }

  @ParameterizedTest
  @MethodSource("targets")
  void nothingIsFound(Class<?> target) throws Exception {
    Path found = Files.createDirectories(FOUND.resolve(target.getSimpleName()));
    List<String> corpus = corpus(target);
    Path log = found.resolve("log");
    int status = fuzz(target, corpus, found, log);
    String said = Files.readString(log);
    assertThat(status).as("%s: %s; see %s\n%s", target, found(said), log, end(said)).isZero();
    assertThat(runs(said)).isGreaterThanOrEqualTo(corpus.size());
  }

  private static List<String> corpus(Class<?> target) throws IOException {
    try (Stream<Path> files = Files.list(CORPUS.resolve(target.getSimpleName()))) {
      return files.map(Path::toString).sorted().toList();
    }
  }

  private static int fuzz(Class<?> target, List<String> corpus, Path found, Path log)
      throws IOException, InterruptedException {
    int seconds = Integer.getInteger("fuzz.seconds");
    Path seeds = Files.writeString(found.resolve("corpus"), String.join(",", corpus));
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx1g",
                "-ea",
                "--enable-native-access=ALL-UNNAMED",
                "--add-modules=jdk.incubator.vector",
                "-cp",
                System.getProperty("java.class.path"),
                "com.code_intelligence.jazzer.Jazzer",
                "--target_class=" + target.getName(),
                // Coverage of what the target is about; of all else only speed matters.
                "--instrumentation_includes=" + module(target) + ".**:com.fasterxml.jackson.jr.**",
                "--custom_hook_excludes=**", // these look for injections; there can be none
                "--reproducer_path=" + found,
                "-artifact_prefix=" + found + "/",
                "-seed_inputs=@" + seeds,
                "-timeout=30",
                "-rss_limit_mb=4096"));
    if (seconds == 0) {
      command.add("-seed=1");
      command.add("-runs=" + target.getAnnotation(Runs.class).value());
      command.add("-max_total_time=" + MAX_SECONDS_OF_A_BUILD);
    } else {
      command.add("-max_total_time=" + seconds);
      command.add(Files.createDirectories(found.resolve("inputs")).toString());
    }
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    try {
      int most = Math.max(seconds, MAX_SECONDS_OF_A_BUILD) + SECONDS_BESIDES;
      assertThat(process.waitFor(most, TimeUnit.SECONDS)).as("in time; see %s", log).isTrue();
      return process.exitValue();
    } finally {
      process.destroyForcibly();
    }
  }

  /** The top package of what a target is about. */
  private static String module(Class<?> target) {
    return Arrays.stream(target.getPackageName().split("\\."))
        .limit(3)
        .collect(Collectors.joining("."));
  }

  private static long runs(String said) {
    Matcher matcher = RUNS.matcher(said);
    return matcher.find() ? Long.parseLong(matcher.group(1)) : 0;
  }

  /** In one line, which is all that a build's log may show: what was thrown, and by which input. */
  private static String found(String said) {
    return said.lines().filter(WHAT_WAS_FOUND.asPredicate()).collect(Collectors.joining(", "));
  }

  private static String end(String text) {
    return text.substring(Math.max(0, text.length() - 4000));
  }
}
