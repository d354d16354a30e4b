package io.zublk.block;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * How often which times were measured, in buckets: 16 for each power of two, so that a time is
 * known to 1/16. Recording is a few plain memory accesses and allocates nothing.
 *
 * <p>At most one thread records; any thread reads recent counts at any time.
 */
final class LatencyHistogram {

  private static final VarHandle COUNT = MethodHandles.arrayElementVarHandle(long[].class);

  /** Of a power of two: 2 to the power of so many. */
  private static final int SUB_BITS = 4;

  private static final int SUBS = 1 << SUB_BITS;

  /** Longer times count as this, 69 s: no request of a device that lives takes longer. */
  private static final int MAX_BITS = 36;

  private static final long MAX_NANOS = (1L << MAX_BITS) - 1;

  private static final int BUCKETS = (MAX_BITS - SUB_BITS + 1) * SUBS;

  /** Behind the buckets: the longest time. */
  private final long[] counts = new long[BUCKETS + 1];

  /** Counts a time in nanoseconds. */
  void record(long nanos) {
    long time = Math.clamp(nanos, 0, MAX_NANOS);
    int bucket = bucket(time);
    COUNT.setOpaque(counts, bucket, counts[bucket] + 1);
    if (time > counts[BUCKETS]) {
      COUNT.setOpaque(counts, BUCKETS, time);
    }
  }

  /** Times below 16 have a bucket each; then the first five bits of a time name its bucket. */
  private static int bucket(long nanos) {
    int shift = Math.max(0, Long.SIZE - Long.numberOfLeadingZeros(nanos) - SUB_BITS - 1);
    return (shift << SUB_BITS) + (int) (nanos >>> shift);
  }

  /** The longest time of a bucket. */
  private static long longest(int bucket) {
    int shift = Math.max(0, (bucket >> SUB_BITS) - 1);
    long first = bucket - ((long) shift << SUB_BITS);
    return ((first + 1) << shift) - 1;
  }

  /** Adds all that another one has counted. */
  void addAll(LatencyHistogram other) {
    for (int i = 0; i < BUCKETS; i++) {
      COUNT.setOpaque(counts, i, counts[i] + (long) COUNT.getOpaque(other.counts, i));
    }
    long longest = (long) COUNT.getOpaque(other.counts, BUCKETS);
    if (longest > counts[BUCKETS]) {
      COUNT.setOpaque(counts, BUCKETS, longest);
    }
  }

  /** How many times were measured. */
  long samples() {
    long sum = 0;
    for (int i = 0; i < BUCKETS; i++) {
      sum += (long) COUNT.getOpaque(counts, i);
    }
    return sum;
  }

  /** The longest time, in nanoseconds. */
  long max() {
    return (long) COUNT.getOpaque(counts, BUCKETS);
  }

  /**
   * The time that a part of the samples did not exceed, in nanoseconds; 0 if there are none.
   *
   * @param part more than 0, at most 1
   */
  long percentile(double part) {
    long wanted = (long) Math.ceil(part * samples());
    long seen = 0;
    for (int i = 0; i < BUCKETS; i++) {
      seen += (long) COUNT.getOpaque(counts, i);
      if (seen >= wanted && seen > 0) {
        return Math.min(longest(i), max());
      }
    }
    return max();
  }
}
