package io.zublk.store;

/** What a store counts. Gauges are sums of ups and downs, which may come from different threads. */
enum Counter {
  /** Gauge: pages that are not absent. */
  PAGES,
  /** Gauge: bytes of the objects in the arena, without checksums and rounding. */
  OBJECT_BYTES,
  /** Gauge: pages that consist of one word. */
  SAME_PAGES,
  /** Gauge: pages stored as they are. */
  RAW_PAGES,
  /** Pages ever stored as they are. */
  RAW_PAGES_SINCE,
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

  static final int COUNT = values().length;
}
