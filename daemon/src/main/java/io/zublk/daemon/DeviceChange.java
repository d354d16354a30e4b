package io.zublk.daemon;

/**
 * What is to change about a device that serves. What stays is null.
 *
 * @param memLimitBytes the most memory the store may use, in bytes; 0: no limit
 * @param forgetMost whether the most memory that it used is counted anew
 * @param polling whether queue threads look for requests for some time before they sleep
 * @param pollSpinCycles how often they look in vain
 * @param pollAdaptive whether they look less often while it does not pay
 * @param batchTimeoutMicros how long a worker waits for a batch, in microseconds
 * @param workers threads that compress
 * @param stagingPages the most pages that wait for one
 * @param cpuAffinity the CPUs of the device's threads, or {@link PerformanceConfig#ALL_CPUS}
 */
public record DeviceChange(
    Long memLimitBytes,
    boolean forgetMost,
    Boolean polling,
    Integer pollSpinCycles,
    Boolean pollAdaptive,
    Integer batchTimeoutMicros,
    Integer workers,
    Integer stagingPages,
    String cpuAffinity) {

  /**
   * The configuration with this change.
   *
   * @throws UserException or IllegalArgumentException with one line, as for one that is made anew
   */
  public DeviceConfig applyTo(DeviceConfig config) {
    DeviceConfig limited = memLimitBytes == null ? config : config.withMemLimitBytes(memLimitBytes);
    return limited.withChanged(applyTo(config.performance()));
  }

  /** How to poll means nothing to who does not: it goes with the polling. */
  private PerformanceConfig applyTo(PerformanceConfig old) {
    boolean ends = Boolean.FALSE.equals(polling);
    return PerformanceConfigBuilder.builder(old)
        .polling(or(polling, old.polling()))
        .pollSpinCycles(or(pollSpinCycles, ends ? null : old.pollSpinCycles()))
        .pollAdaptive(or(pollAdaptive, ends ? null : old.pollAdaptive()))
        .batchTimeoutMicros(or(batchTimeoutMicros, old.batchTimeoutMicros()))
        .workers(or(workers, old.workers()))
        .stagingPages(or(stagingPages, old.stagingPages()))
        .cpuAffinity(or(cpuAffinity, old.cpuAffinity()))
        .build();
  }

  private static <T> T or(T changed, T old) {
    return changed == null ? old : changed;
  }
}
