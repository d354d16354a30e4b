package io.zublk.store;

import java.util.Collection;
import org.openjdk.jmh.Main;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.util.Statistics;

/**
 * Runs JMH as its own main class does, and prints the least and the median of the iterations of all
 * processes besides: the mean is of no use on a machine where others take the CPU now and then.
 */
final class Medians {

  private Medians() {}

  /** Takes JMH's arguments. */
  public static void main(String[] args) throws Exception {
    CommandLineOptions options = new CommandLineOptions(args);
    if (options.shouldHelp() || options.shouldList() || options.shouldListWithParams()) {
      Main.main(args);
      return;
    }
    print(new Runner(options).run());
  }

  private static void print(Collection<RunResult> results) {
    System.out.printf("%n%-36s %-5s %5s %12s %12s%n", "", "codec", "MiB", "least", "median");
    for (RunResult result : results) {
      BenchmarkParams params = result.getParams();
      String name = params.getBenchmark();
      Result<?> primary = result.getPrimaryResult();
      Statistics statistics = primary.getStatistics();
      String codec = params.getParam("codec");
      System.out.printf(
          "%-36s %-5s %5s %12.1f %12.1f %s%n",
          name.substring(name.lastIndexOf('.', name.lastIndexOf('.') - 1) + 1),
          codec == null ? "lz4" : codec,
          params.getParam("mib"),
          statistics.getMin(),
          statistics.getPercentile(50),
          primary.getScoreUnit());
    }
  }
}
