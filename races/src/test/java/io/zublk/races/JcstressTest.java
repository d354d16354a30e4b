package io.zublk.races;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.openjdk.jcstress.infra.runners.TestList;

/**
 * Runs all jcstress tests of this module in JVMs of their own, and shows each as one test here.
 *
 * <p>System properties: {@code jcstress.args} are its arguments; {@code jcstress.minutes} is how
 * long it may take.
 */
class JcstressTest {

  /** A line of its report that is about one test. */
  private static final Pattern VERDICT = Pattern.compile("\\.{3,} \\[(\\S+)] (\\S+)");

  private static final Path DIRECTORY = Path.of("target", "jcstress");

  @TestFactory
  Stream<DynamicTest> everyOutcomeIsOneThatMayBe() throws Exception {
    Path report = DIRECTORY.resolve("report.txt");
    int status = run(report);
    Map<String, String> verdicts = verdicts(report);
    Collection<String> tests = TestList.tests();
    assertThat(tests).isNotEmpty();
    return Stream.concat(
        tests.stream()
            .map(test -> dynamicTest(test, () -> check(test, verdicts.get(test), report))),
        Stream.of(dynamicTest("jcstress itself", () -> assertThat(status).isZero())));
  }

  private static void check(String test, String verdict, Path report) {
    // None at all: too few CPUs for its actors, say. Then it has not been tested.
    assertThat(verdict).as("%s; see %s", test, report.toAbsolutePath()).isEqualTo("OK");
  }

  private static int run(Path report) throws IOException, InterruptedException {
    Files.createDirectories(DIRECTORY);
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                "org.openjdk.jcstress.Main",
                "-v"));
    command.addAll(List.of(System.getProperty("jcstress.args").split(" ")));
    Process process =
        new ProcessBuilder(command)
            .directory(DIRECTORY.toFile())
            .redirectErrorStream(true)
            .redirectOutput(report.toFile())
            .start();
    try {
      boolean ended = process.waitFor(Long.getLong("jcstress.minutes"), TimeUnit.MINUTES);
      assertThat(ended).as("in time; see %s", report.toAbsolutePath()).isTrue();
      return process.exitValue();
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }

  /** What the report's end says of each test: OK, or what went wrong first. */
  private static Map<String, String> verdicts(Path report) throws IOException {
    Map<String, String> verdicts = new TreeMap<>();
    Matcher matcher = VERDICT.matcher(Files.readString(report));
    while (matcher.find()) {
      verdicts.merge(
          matcher.group(2), matcher.group(1), (one, other) -> one.equals("OK") ? other : one);
    }
    return verdicts;
  }
}
