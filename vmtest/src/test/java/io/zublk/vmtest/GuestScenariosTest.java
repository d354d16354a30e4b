package io.zublk.vmtest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

/** Every check that a scenario makes in its guest is a test here. */
@Tag("guest")
class GuestScenariosTest {

  private static final ExecutorService RUNNERS = Executors.newCachedThreadPool();

  /** As many guests at a time as the machine has CPUs for; fair, so that they keep their order. */
  private static final int CPUS = Runtime.getRuntime().availableProcessors();

  private static final Semaphore FREE = new Semaphore(CPUS, true);

  @AfterAll
  static void stopRunners() {
    RUNNERS.shutdownNow();
  }

  @TestFactory
  Stream<DynamicNode> scenarios() throws IOException {
    List<String> only =
        Stream.of(System.getProperty("vmtest.only", "").split(","))
            .filter(name -> !name.isBlank())
            .toList();
    List<Scenario> wanted =
        Scenario.all().stream()
            .filter(scenario -> only.isEmpty() || only.contains(scenario.name()))
            // Between a narrow guest and a wide one a CPU has nothing to do: so that is once.
            .sorted(Comparator.comparingInt(Scenario::cpus))
            .toList();
    assertThat(wanted).as("scenarios to run").isNotEmpty();
    // All are started now, in order, and wait for their CPUs; the tests then wait for each in turn.
    List<DynamicNode> groups = new ArrayList<>();
    for (Scenario scenario : wanted) {
      Future<Report> report = RUNNERS.submit(whenCpusAreFree(scenario));
      String name = scenario.name() + " on " + scenario.guest();
      // Lazy: which checks there are is known only when the guest is done.
      groups.add(dynamicContainer(name, Stream.of(report).flatMap(r -> checks(name, r))));
    }
    return groups.stream();
  }

  private static Callable<Report> whenCpusAreFree(Scenario scenario) {
    int needed = Math.min(scenario.cpus(), CPUS);
    return () -> {
      FREE.acquire(needed);
      try {
        return scenario.run();
      } finally {
        FREE.release(needed);
      }
    };
  }

  private static Stream<DynamicNode> checks(String scenario, Future<Report> running) {
    Report report;
    try {
      report = running.get();
    } catch (ExecutionException e) {
      return Stream.of(dynamicTest("runs", () -> fail(scenario, e.getCause())));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Stream.of(dynamicTest("runs", () -> fail(scenario + " was interrupted")));
    }
    report.console().stream()
        .filter(line -> line.matches("# (guest|kept|a JVM crashed): .*"))
        .forEach(line -> System.out.println(scenario + line.substring(1)));
    Stream<DynamicNode> checks =
        report.checks().stream()
            .map(check -> dynamicTest(check.name(), () -> assertPassed(scenario, check)));
    return Stream.concat(
        checks, Stream.of(dynamicTest("comes to its end", () -> assertComplete(scenario, report))));
  }

  private static void assertPassed(String scenario, Report.Check check) {
    if (!check.passed()) {
      fail(scenario + ": " + check.name() + "\n" + String.join("\n", check.diagnostics()));
    }
  }

  private static void assertComplete(String scenario, Report report) {
    if (!report.complete()) {
      List<String> console = report.console();
      List<String> tail = console.subList(Math.max(0, console.size() - 60), console.size());
      fail(scenario + " did not come to its end\n" + String.join("\n", tail));
    }
  }
}
