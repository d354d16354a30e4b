package io.zublk.store.page;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/** What a store counts. Gauges are sums of ups and downs, which may come from different threads. */
public enum Counter {
  /** Gauge: pages that are not absent. */
  PAGES,
  /** Gauge: bytes of the objects in the arena, without checksums and rounding. */
  OBJECT_BYTES,
  /** Gauge: pages that consist of one word; zram's {@code same_pages}. */
  SAME_PAGES,
  /** Gauge: pages compressed by LZ4. */
  LZ4_PAGES,
  /** Gauge: pages compressed by Zstandard. */
  ZSTD_PAGES,
  /** Gauge: pages compressed as lines. */
  LINE_PAGES,
  /** Gauge: pages, whatever compressed them, in the slot of a larger one. */
  PADDED_PAGES,
  /** Gauge: pages stored as they are. */
  RAW_PAGES,
  /** Pages ever stored as they are. */
  RAW_PAGES_SINCE,
  /** Gauge: pages in the staging area. */
  STAGED_PAGES,
  /** Pages ever staged. */
  STAGED_PAGES_SINCE,
  /** Pages compressed by their writer because the staging area was full. */
  UNSTAGED_PAGES,
  /** Staged pages that were replaced before a worker came to compress them. */
  OVERTAKEN_PAGES,
  /** Batches that workers compressed. */
  BATCHES,
  /** Times that a worker took part in a large read. */
  SHARED_READS,
  /** Reads that failed, requests. */
  FAILED_READS,
  /** Writes that failed, requests. */
  FAILED_WRITES,
  /** Requests outside the device. */
  INVALID_IO,
  /** Pages freed by discards and write-zeroes. */
  FREED_PAGES,
  /** Pages whose bytes or entry were found damaged. */
  CHECKSUM_ERRORS;

  /** What happened so far: all that are no gauges. */
  public static final Set<Counter> EVENTS =
      Collections.unmodifiableSet(
          EnumSet.complementOf(
              EnumSet.of(
                  PAGES,
                  OBJECT_BYTES,
                  SAME_PAGES,
                  LZ4_PAGES,
                  ZSTD_PAGES,
                  LINE_PAGES,
                  PADDED_PAGES,
                  RAW_PAGES,
                  STAGED_PAGES)));
}
