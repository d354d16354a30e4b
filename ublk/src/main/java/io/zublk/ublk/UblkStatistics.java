package io.zublk.ublk;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** Counts since the device was started, of one queue or of several together. */
public record UblkStatistics(Map<UblkCounter, Long> counts) {

  public UblkStatistics {
    counts = Map.copyOf(counts);
  }

  /** The counts of several together. */
  public static UblkStatistics sum(List<UblkStatistics> parts) {
    Map<UblkCounter, Long> counts = new EnumMap<>(UblkCounter.class);
    for (UblkStatistics part : parts) {
      part.counts.forEach((counter, count) -> counts.merge(counter, count, Long::sum));
    }
    return new UblkStatistics(counts);
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
}
