package io.zublk.nbd;

/** What the threads of a server count. */
enum Counter {
  READS,
  READ_BYTES,
  WRITES,
  WRITTEN_BYTES,
  FLUSHES,
  TRIMS,
  WRITE_ZEROES,
  CACHES,
  BLOCK_STATUSES,
  ERRORS,
  INVALID,
  HANDED_OVER,
  SOCKET_READS,
  SOCKET_WRITES
}
