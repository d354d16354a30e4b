package io.zublk.bench;

import io.zublk.daemon.Json;
import io.zublk.daemon.UserException;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/**
 * What one run of fio measured, from its JSON (HOWTO, "Interpreting the output", json).
 *
 * @param bytesPerSecond moved by all jobs together
 * @param iops of all jobs together
 * @param p50 total latency, submission to completion, in nanoseconds; so are the others
 */
record FioResult(double bytesPerSecond, double iops, double p50, double p99, double p999) {

  /**
   * Reads the only group of a run's output.
   *
   * @param write whether the run wrote
   * @throws UserException if fio failed, with its reason, or did nothing
   */
  static FioResult parse(String output, boolean write) {
    Map<?, ?> job = onlyJob(output);
    if (number(job, "error") != 0) {
      throw new UserException("fio failed with error " + (int) number(job, "error"));
    }
    Map<?, ?> done = member(job, write ? "write" : "read");
    Map<?, ?> latencies = member(done, "lat_ns");
    if (number(latencies, "N") == 0) { // then it has no percentiles
      throw new UserException("no request of fio ended in the time that counts; give it more");
    }
    Map<?, ?> percentiles = member(latencies, "percentile");
    return new FioResult(
        number(done, "bw_bytes"),
        number(done, "iops"),
        number(percentiles, "50.000000"),
        number(percentiles, "99.000000"),
        number(percentiles, "99.900000"));
  }

  private static Map<?, ?> onlyJob(String output) {
    // fio says what it thinks of its options before it begins with the JSON.
    int start = output.indexOf('{');
    try {
      Object jobs = start < 0 ? null : Json.object(output.substring(start)).get("jobs");
      if (jobs instanceof List<?> list && list.size() == 1 && list.get(0) instanceof Map<?, ?> m) {
        return m;
      }
    } catch (IOException e) {
      throw new UserException("fio's output is not JSON: " + e.getMessage(), e);
    }
    throw new UserException("fio's output has no group of jobs: " + output.strip());
  }

  private static Map<?, ?> member(Map<?, ?> object, String name) {
    if (object.get(name) instanceof Map<?, ?> member) {
      return member;
    }
    throw new UserException("fio's output lacks " + name);
  }

  private static double number(Map<?, ?> object, String name) {
    if (object.get(name) instanceof Number value) {
      return value.doubleValue();
    }
    throw new UserException("fio's output lacks " + name);
  }
}
