package io.zublk.vhost;

/** What the threads of a server count. */
public enum VhostCounter {
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
  /** Requests during which the device threw something; answered with an error. */
  EXCEPTIONS,
  /** Requests whose memory the client has taken away meanwhile; answered with an error. */
  MEMORY_FAULTS,
  /** Rings that are not served any more because the client broke their rules. */
  BROKEN_RINGS,
  /** Times a client was called, a system call each, for a batch of requests. */
  CALLS,
  /** Times a thread slept until it was kicked. */
  SLEEPS,
  /** Times a polling thread let others run before it slept. */
  YIELDS,
  /** Times a polling thread looked for requests. */
  POLLS,
  /** Batches that a polling thread found without having slept. */
  POLL_COMPLETIONS,
  /** Times a polling thread gave up and slept. */
  POLL_FALLBACKS
}
