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

  /**
   * As many guests at a time as the machine has CPUs, of which each keeps one busy; fair, so that
   * they keep their order.
   */
  private static final Semaphore FREE =
      new Semaphore(Runtime.getRuntime().availableProcessors(), true);

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
        Scenario.all(Boolean.getBoolean("vmtest.long")).stream()
            .filter(scenario -> only.isEmpty() || only.contains(scenario.name()))
            // The emulated ones take longest. Last, one of them would be alone for minutes.
            .sorted(Comparator.comparing(Scenario::guest))
            .toList();
    assertThat(wanted).as("scenarios to run").isNotEmpty();
    // All are started now, in order, and wait for their CPUs; the tests then wait for each in turn.
    List<DynamicNode> groups = new ArrayList<>();
    for (Scenario scenario : wanted) {
      Future<Report> report = RUNNERS.submit(whenCpuIsFree(scenario));
      String name = scenario.name() + " on " + scenario.guest();
      // Lazy: which checks there are is known only when the guest is done.
      groups.add(dynamicContainer(name, Stream.of(report).flatMap(r -> checks(name, r))));
    }
    return groups.stream();
  }

  private static Callable<Report> whenCpuIsFree(Scenario scenario) {
    return () -> {
      FREE.acquire();
      try {
        return scenario.run();
      } finally {
        FREE.release();
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
      // Whoever reads a summary has only the first line.
      String reason = String.join(" ", reason(check));
      String all = String.join("\n", check.diagnostics());
      fail("%s: %s: %s\n%s".formatted(scenario, check.name(), reason, all));
    }
  }

  /** The end of what its command printed, which is where programs say why they fail. */
  private static List<String> reason(Report.Check check) {
    List<String> printed =
        check.diagnostics().stream()
            .dropWhile(line -> !line.startsWith("# status "))
            .skip(1)
            .takeWhile(line -> line.startsWith("#   "))
            .toList();
    return printed.subList(Math.max(0, printed.size() - 3), printed.size());
  }

  private static void assertComplete(String scenario, Report report) {
    if (!report.complete()) {
      List<String> console = report.console();
      List<String> tail = console.subList(Math.max(0, console.size() - 60), console.size());
      fail(scenario + " did not come to its end\n" + String.join("\n", tail));
    }
  }
}
