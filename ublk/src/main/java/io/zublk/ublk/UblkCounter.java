package io.zublk.ublk;

/** What queue threads count. */
public enum UblkCounter {
  READS,
  WRITES,
  FLUSHES,
  DISCARDS,
  WRITE_ZEROES,
  /** Bytes of successful reads. */
  READ_BYTES,
  /** Bytes of successful writes. */
  WRITTEN_BYTES,
  /** Reads answered with an error. */
  FAILED_READS,
  /** Writes answered with an error. */
  FAILED_WRITES,
  /** Other requests answered with an error, unknown operations among them. */
  FAILED_OTHERS,
  /** Requests during which the device threw something; answered with EIO. */
  EXCEPTIONS,
  /** Times the kernel was entered, each for a batch of requests. */
  ENTERS,
  /** Times a polling thread let others run before it slept. */
  YIELDS,
  /** Times a polling thread looked for requests. */
  POLLS,
  /** Batches that a polling thread found without having slept. */
  POLL_COMPLETIONS,
  /** Times a polling thread gave up and slept. */
  POLL_FALLBACKS
}
