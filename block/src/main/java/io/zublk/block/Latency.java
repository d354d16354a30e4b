package io.zublk.block;

/**
 * How long a device took for requests of a kind, as far as they were sampled. Times are in
 * nanoseconds, known to 1/16, and 0 while there is no sample.
 *
 * @param samples how many times were measured
 * @param p50Ns half of them took no longer
 * @param p90Ns nine of ten took no longer
 * @param p99Ns 99 of 100 took no longer
 * @param p999Ns 999 of 1000 took no longer
 * @param maxNs the longest one
 */
public record Latency(long samples, long p50Ns, long p90Ns, long p99Ns, long p999Ns, long maxNs) {

  static Latency of(LatencyHistogram histogram) {
    return new Latency(
        histogram.samples(),
        histogram.percentile(0.5),
        histogram.percentile(0.9),
        histogram.percentile(0.99),
        histogram.percentile(0.999),
        histogram.max());
  }
}
