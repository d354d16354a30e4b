package io.zublk.vhost;

import java.util.Map;

/** Counts since the server was started, of all clients and threads together. */
public record VhostStatistics(Map<VhostCounter, Long> counts) {

  public VhostStatistics {
    counts = Map.copyOf(counts);
  }

  /** One count. */
  public long get(VhostCounter counter) {
    return counts.getOrDefault(counter, 0L);
  }

  /** All requests, whatever their outcome. */
  public long requests() {
    return get(VhostCounter.READS)
        + get(VhostCounter.WRITES)
        + get(VhostCounter.FLUSHES)
        + get(VhostCounter.DISCARDS)
        + get(VhostCounter.WRITE_ZEROES);
  }
}
