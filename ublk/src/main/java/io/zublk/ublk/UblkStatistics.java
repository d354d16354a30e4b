package io.zublk.ublk;

import java.util.EnumMap;
import java.util.Map;

/** Counts since the device was started, of one queue or of several together. */
public record UblkStatistics(Map<UblkCounter, Long> counts) {

  public UblkStatistics {
    counts = Map.copyOf(counts);
  }

  /** One count. */
  public long get(UblkCounter counter) {
    return counts.getOrDefault(counter, 0L);
  }

  /** All requests, whatever their outcome. */
  public long requests() {
    return get(UblkCounter.READS)
        + get(UblkCounter.WRITES)
        + get(UblkCounter.FLUSHES)
        + get(UblkCounter.DISCARDS)
        + get(UblkCounter.WRITE_ZEROES);
  }

  static UblkStatistics sum(Iterable<QueueCounters> threads) {
    Map<UblkCounter, Long> counts = new EnumMap<>(UblkCounter.class);
    for (UblkCounter counter : UblkCounter.values()) {
      long total = 0;
      for (QueueCounters thread : threads) {
        total += thread.get(counter);
      }
      counts.put(counter, total);
    }
    return new UblkStatistics(counts);
  }
}
