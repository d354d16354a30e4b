package io.zublk.bench;

import io.zublk.daemon.UserException;
import io.zublk.uring.sys.CpuList;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * One question that tuning asks: does an option of {@code create} beat its default?
 *
 * @param option its name, or for one that can be negated, the name that switches it on
 * @param need what must be so for the answer to matter
 * @param goals for which it can make a difference
 * @param alternatives to the default, each as it is typed
 */
record TuneStep(String option, Need need, Set<Goal> goals, List<String> alternatives) {

  /** What must be so for an option to have an effect, as the device's {@code stat} tells. */
  enum Need {
    NOTHING(""),
    SEVERAL_CPUS("it needs several CPUs"),
    WORKERS("there are no workers"),
    STAGING("nothing is staged"),
    UBLK("it is for ublk"),
    BATCH_IO("the kernel has no BATCH_IO"),
    POLLING("queues are not polled");

    private final String otherwise;

    Need(String otherwise) {
      this.otherwise = otherwise;
    }

    /** Why an option is not tried. */
    String otherwise() {
      return otherwise;
    }

    boolean isMet(Map<String, Object> stat) {
      return switch (this) {
        case NOTHING -> true;
        case SEVERAL_CPUS -> cpus(stat).cardinality() > 1;
        case WORKERS -> isPositive(stat, "workers");
        case STAGING -> isPositive(stat, "staging_bytes_max");
        case UBLK -> stat.containsKey("queues");
        case BATCH_IO -> Boolean.TRUE.equals(stat.get("batch_io"));
        case POLLING -> Boolean.TRUE.equals(stat.get("polling"));
      };
    }

    private static boolean isPositive(Map<String, Object> stat, String field) {
      return ((Number) stat.get(field)).longValue() > 0;
    }

    private static BitSet cpus(Map<String, Object> stat) {
      return CpuList.parse((String) stat.get("cpu_affinity"));
    }
  }

  private static final Set<Goal> ALL = Set.of(Goal.values());
  private static final Set<Goal> SPEED = Set.of(Goal.THROUGHPUT, Goal.LATENCY);
  private static final Set<Goal> RATE = Set.of(Goal.THROUGHPUT);

  /**
   * Everything there is to try, what is likely to matter most first.
   *
   * @param cpus how many may be kept busy
   * @param allowed those that may be used
   */
  static List<TuneStep> all(int cpus, BitSet allowed) {
    return List.of(
        of("--algorithm", Need.NOTHING, ALL, "line+lz4", "line", "zstd(level=1)", "zstd(level=3)"),
        numbers("--workers", Need.SEVERAL_CPUS, SPEED, Math.max(1, cpus - 1), 0, 1, cpus),
        of("--staging", Need.WORKERS, SPEED, cpus > 1 ? "0" : "64M", "16M"),
        numbers("--batch-pages", Need.STAGING, SPEED, 64, 128, 256),
        numbers("--batch-timeout-us", Need.STAGING, SPEED, 100, 25, 400),
        numbers("--queues", Need.UBLK, SPEED, Math.min(4, cpus), 1, cpus),
        numbers("--threads-per-queue", Need.UBLK, SPEED, 1, 2, Math.clamp(cpus, 2, 4)),
        numbers("--queue-depth", Need.UBLK, RATE, 128, 32, 512),
        flag("--batch-io", Need.BATCH_IO, "--batch-io"),
        flag("--polling", Need.UBLK, "--polling"),
        numbers("--poll-spin-cycles", Need.POLLING, SPEED, 10_000, 1_000, 100_000),
        flag("--poll-adaptive", Need.POLLING, "--no-poll-adaptive"),
        of("--cpu-affinity", Need.SEVERAL_CPUS, SPEED, firstHalf(allowed)));
  }

  /**
   * Checks names, which may lack their dashes.
   *
   * @throws UserException naming what there is, if there is no such option
   */
  static void check(List<String> names) {
    List<String> known = all(1, CpuList.parse("0")).stream().map(TuneStep::option).toList();
    for (String name : options(names)) {
      if (!known.contains(name)) {
        throw new UserException(
            "%s is nothing to tune; there are %s".formatted(name, String.join(", ", known)));
      }
    }
  }

  /** Only those of these names, which may lack their dashes; all if there are no names. */
  static List<TuneStep> only(List<String> names, int cpus, BitSet allowed) {
    List<String> wanted = options(names);
    return all(cpus, allowed).stream()
        .filter(step -> wanted.isEmpty() || wanted.contains(step.option))
        .toList();
  }

  private static List<String> options(List<String> names) {
    return names.stream()
        .map(String::strip)
        .map(name -> name.startsWith("--") ? name : "--" + name)
        .toList();
  }

  private static String firstHalf(BitSet cpus) {
    BitSet half = new BitSet();
    cpus.stream().limit(Math.max(1, cpus.cardinality() / 2)).forEach(half::set);
    return CpuList.format(half);
  }

  private static TuneStep of(String option, Need need, Set<Goal> goals, String... values) {
    List<String> typed = new ArrayList<>();
    for (String value : values) {
      typed.add(option + " " + value);
    }
    return new TuneStep(option, need, goals, typed);
  }

  private static TuneStep flag(String option, Need need, String typed) {
    return new TuneStep(option, need, SPEED, List.of(typed));
  }

  private static TuneStep numbers(
      String option, Need need, Set<Goal> goals, int unless, int... values) {
    String[] others =
        IntStream.of(values)
            .distinct()
            .filter(value -> value != unless)
            .mapToObj(Integer::toString)
            .toArray(String[]::new);
    return of(option, need, goals, others);
  }
}
