package io.zublk.daemon.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zublk.block.Polling;
import io.zublk.daemon.PerformanceConfig;
import io.zublk.daemon.Preset;
import io.zublk.daemon.Samples;
import io.zublk.daemon.machine.Machine;
import io.zublk.nbd.NbdOptions;
import io.zublk.store.StoreTuning;
import io.zublk.ublk.UblkOptions;
import io.zublk.uring.sys.CpuList;
import io.zublk.vhost.VhostOptions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PerformanceSettingsTest {

  private static final Machine TWO_CPUS = Samples.machine("0-1", "0-1", "0", "1");

  private static PerformanceSettings settle(Map<String, Object> asked) {
    return PerformanceSettings.of(Samples.performance(asked), TWO_CPUS);
  }

  @ParameterizedTest
  @CsvSource({
    "DEFAULT,   false, 10000, true,   64, 100",
    "HIGH_PERF, true,  50000, true,  128,  50",
    "MAX_PERF,  true, 100000, false, 256,  25"
  })
  void presetsAreTheSpecifications(
      Preset preset, boolean polling, int cycles, boolean adaptive, int pages, int micros) {
    PerformanceSettings settings = PerformanceSettings.of(PerformanceConfig.of(preset), TWO_CPUS);
    assertThat(settings.polling()).isEqualTo(new Polling(polling, cycles, adaptive));
    assertThat(settings.batchPages()).isEqualTo(pages);
    assertThat(settings.batchTimeoutMicros()).isEqualTo(micros);
    assertThat(settings.workers()).isEqualTo(1);
  }

  @Provide
  Arbitrary<Map<String, Object>> flags() {
    return Combinators.combine(
            maybe("polling", Arbitraries.of(true, false)),
            maybe("batchIo", Arbitraries.of(true, false)),
            maybe("batchPages", Arbitraries.integers().between(64, 256)),
            maybe("batchTimeoutMicros", Arbitraries.integers().between(1, 1000)),
            maybe("workers", Arbitraries.integers().between(1, 64)),
            maybe("stagingPages", Arbitraries.integers().between(0, 16384)),
            maybe("queues", Arbitraries.integers().between(1, 4096)),
            maybe("threadsPerQueue", Arbitraries.integers().between(1, 128)))
        .as((a, b, c, d, e, f, g, h) -> {
          Map<String, Object> flags = new HashMap<>();
          List.of(a, b, c, d, e, f, g, h).forEach(flags::putAll);
          return flags;
        });
  }

  private static Arbitrary<Map<String, Object>> maybe(String name, Arbitrary<?> value) {
    return value
        .<Map<String, Object>>map(chosen -> Map.of(name, chosen))
        .optional()
        .map(flag -> flag.orElse(Map.of()));
  }

  @Property
  void aSingleFlagWinsOverThePresetAndTouchesNothingElse(
      @ForAll Preset preset, @ForAll("flags") Map<String, Object> flags) {
    Map<String, Object> asked = new HashMap<>(flags);
    asked.put("preset", preset.name());
    Map<String, Object> plain = seen(settle(Map.of("preset", preset.name())));
    Map<String, Object> settled = seen(settle(asked));
    for (Map.Entry<String, Object> entry : settled.entrySet()) {
      Object expected = flags.getOrDefault(entry.getKey(), plain.get(entry.getKey()));
      assertThat(entry.getValue()).as(entry.getKey()).isEqualTo(expected);
    }
  }

  private static Map<String, Object> seen(PerformanceSettings settings) {
    Map<String, Object> seen = new HashMap<>();
    seen.put("polling", settings.polling().enabled());
    seen.put("pollSpinCycles", settings.polling().spinCycles());
    seen.put("pollAdaptive", settings.polling().adaptive());
    seen.put("batchIo", settings.batchIo());
    seen.put("batchPages", settings.batchPages());
    seen.put("batchTimeoutMicros", settings.batchTimeoutMicros());
    seen.put("workers", settings.workers());
    seen.put("stagingPages", settings.stagingPages());
    seen.put("queues", settings.queues());
    seen.put("threadsPerQueue", settings.threadsPerQueue());
    return seen;
  }

  @Test
  void howToPollIsAFlagOfItsOwn() {
    PerformanceSettings settings =
        settle(Map.of("preset", "MAX_PERF", "pollSpinCycles", 7, "pollAdaptive", true));
    assertThat(settings.polling()).isEqualTo(new Polling(true, 7, true));
  }

  @Test
  void onOneCpuNobodyWaitsForAWorkerUnlessAskedTo() {
    Machine one = Samples.machine("0", "0");
    assertThat(PerformanceSettings.of(PerformanceConfig.DEFAULT, one).stagingPages()).isZero();
    assertThat(PerformanceSettings.of(Samples.performance(Map.of("batchPages", 100)), one))
        .extracting(PerformanceSettings::stagingPages, PerformanceSettings::batchPages)
        .containsExactly(StoreTuning.MAX_STAGING_PAGES, 100);
    assertThat(settle(Map.of("cpuAffinity", "1")).stagingPages()).isZero();
  }

  /** As a container's quota makes it: four CPUs to run on, and the time of one. */
  @Test
  void noMoreThreadsServeThanTheQuotaOfCpuTimeIsWorth() {
    Machine four = Samples.machine("0-3", "0-3");
    Machine quota = new Machine(four.onlineCpus(), four.allowedCpus(), 1, four.nodes());
    PerformanceSettings settings = PerformanceSettings.of(PerformanceConfig.DEFAULT, quota);
    assertThat(settings.applyTo(NbdOptions.defaults()).workers()).isOne();
    assertThat(settings.workers()).isOne();
    assertThat(settings.queues()).isOne();
    assertThat(PerformanceSettings.of(PerformanceConfig.DEFAULT, four).nbdWorkers()).isEqualTo(4);
  }

  @Test
  void listedCpusGoToTheQueueThreadsOneEach() {
    PerformanceSettings settings = settle(Map.of("cpuAffinity", "0-1"));
    UblkOptions ublk = settings.applyTo(UblkOptions.defaults());
    assertThat(ublk.affinity()).containsExactly(CpuList.parse("0"), CpuList.parse("1"));
    assertThat(ublk.numaNode()).isEqualTo(UblkOptions.ANY_NODE);
  }

  @Test
  void otherCpusCanBeListedLaterAndNoneAgain() {
    PerformanceSettings settings = settle(Map.of()).changedTo(cpus("1"));
    assertThat(settings.cpus()).isEqualTo(CpuList.parse("1"));
    assertThat(settings.queueAffinity()).containsExactly(CpuList.parse("1"));
    PerformanceSettings all = settings.changedTo(cpus(PerformanceConfig.ALL_CPUS));
    assertThat(all.cpus()).isEqualTo(CpuList.parse("0-1"));
    assertThat(all.queueAffinity()).isEmpty();
    assertThatThrownBy(() -> settings.changedTo(cpus("1-2"))).hasMessageContaining("no CPU 2");
  }

  @Test
  void asMuchIsLaidOutAsWasAskedForWhateverWasSetSinceAndWhicheverCpusAreGone() {
    PerformanceConfig created = Samples.performance(Map.of("cpuAffinity", "0-3", "workers", 3));
    PerformanceSettings most = PerformanceSettings.most(created, TWO_CPUS);
    assertThat(most.storeTuning().workers()).isEqualTo(3);
    PerformanceConfig set =
        Samples.performance(Map.of("cpuAffinity", "1", "workers", 1, "stagingPages", 0));
    PerformanceSettings settings = most.changedTo(set);
    assertThat(settings.workers()).isOne();
    assertThat(settings.stagingPages()).isZero();
    assertThat(settings.vhostThreads()).isEqualTo(2);
    assertThatThrownBy(() -> most.changedTo(created)).hasMessageContaining("no CPU 2-3");
  }

  @Test
  void withoutAListThoseOfTheNodeComeBack() {
    Map<String, Object> node = Map.of("numaNode", 1);
    PerformanceSettings settings = settle(node).changedTo(cpus("0"));
    assertThat(settings.changedTo(Samples.performance(node)).cpus()).isEqualTo(CpuList.parse("1"));
  }

  private static PerformanceConfig cpus(String list) {
    return Samples.performance(Map.of("cpuAffinity", list));
  }

  @Test
  void aNodeBringsItsCpusAndItsMemory() {
    PerformanceSettings settings = settle(Map.of("numaNode", 1));
    UblkOptions ublk = settings.applyTo(UblkOptions.defaults());
    assertThat(ublk.affinity()).containsExactly(CpuList.parse("1"));
    assertThat(ublk.numaNode()).isOne();
    assertThat(settings.storeTuning().numaNode()).isOne();
    assertThat(settings.storeFields())
        .containsEntry("numa_node", 1)
        .containsEntry("cpu_affinity", "1");
  }

  @Test
  void withoutAWishTheKernelPlacesQueueThreads() {
    PerformanceSettings settings = settle(Map.of());
    assertThat(settings.applyTo(UblkOptions.defaults()).affinity()).isEqualTo(List.of());
    assertThat(settings.storeTuning().numaNode()).isEqualTo(StoreTuning.ANY_NODE);
  }

  @Test
  void aVhostUserServerHasItsThreadsAndWaitsAsTheyAreTold() {
    VhostOptions options = settle(Map.of()).applyTo(VhostOptions.defaults());
    assertThat(options).isEqualTo(VhostOptions.defaults().withThreads(2));
    PerformanceSettings settings = settle(Map.of("threads", 3, "preset", "MAX_PERF"));
    assertThat(settings.applyTo(VhostOptions.defaults()))
        .isEqualTo(
            VhostOptions.defaults().withThreads(3).withPolling(new Polling(true, 100_000, false)));
  }

  @Test
  void refusesWhatWouldHaveNoEffect() {
    assertRefused(Map.of("workers", 0, "batchPages", 64), "--workers");
    assertRefused(Map.of("workers", 0, "batchTimeoutMicros", 5), "--workers");
    assertRefused(Map.of("workers", 0, "stagingPages", 5), "--workers");
    assertRefused(Map.of("pollSpinCycles", 5), "--polling");
    assertRefused(Map.of("pollAdaptive", false), "--polling");
    assertRefused(Map.of("preset", "MAX_PERF", "polling", false, "pollSpinCycles", 5), "--polling");
    assertRefused(Map.of("batchPages", 63), "--batch-pages 63", "64..256");
    assertRefused(Map.of("threadsPerQueue", 3, "queueDepth", 2), "--threads-per-queue 3", "1..2");
    assertRefused(Map.of("threads", 65), "--threads 65", "1..64");
    assertRefused(Map.of("cpuAffinity", ""), "--cpu-affinity");
  }

  private static void assertRefused(Map<String, Object> asked, String... words) {
    assertThatThrownBy(() -> Samples.performance(asked)).rootCause().hasMessageContainingAll(words);
  }
}
