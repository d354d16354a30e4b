package io.zublk.nbd;

import io.zublk.block.ThreadCounters;

/**
 * What a server did since its start. Each number is exact once the requests it counts are answered;
 * together they are no snapshot of one instant.
 *
 * @param connections clients connected now
 * @param connectionsTotal clients that ever connected and were served
 * @param connectionsRefused clients hung up on because too many were connected
 * @param handshakesFailed connections that ended before their first request by fault of the client
 * @param reads READ requests
 * @param readBytes bytes they asked for, those of refused ones left out
 * @param writes WRITE requests
 * @param writtenBytes bytes they brought, those of refused ones left out
 * @param flushes FLUSH requests
 * @param trims TRIM requests
 * @param writeZeroes WRITE_ZEROES requests
 * @param caches CACHE requests
 * @param blockStatuses BLOCK_STATUS requests
 * @param errors requests answered with an error
 * @param invalid those of them that the device was never asked: outside of it, unknown, or a change
 *     where none is allowed
 * @param handedOver parts of requests that a worker thread served
 * @param socketReads system calls that received requests
 * @param socketWrites system calls that sent replies
 */
public record NbdCounters(
    long connections,
    long connectionsTotal,
    long connectionsRefused,
    long handshakesFailed,
    long reads,
    long readBytes,
    long writes,
    long writtenBytes,
    long flushes,
    long trims,
    long writeZeroes,
    long caches,
    long blockStatuses,
    long errors,
    long invalid,
    long handedOver,
    long socketReads,
    long socketWrites) {

  static NbdCounters of(
      long connections,
      long total,
      long refused,
      long handshakesFailed,
      ThreadCounters<Counter> sum) {
    return new NbdCounters(
        connections,
        total,
        refused,
        handshakesFailed,
        sum.get(Counter.READS),
        sum.get(Counter.READ_BYTES),
        sum.get(Counter.WRITES),
        sum.get(Counter.WRITTEN_BYTES),
        sum.get(Counter.FLUSHES),
        sum.get(Counter.TRIMS),
        sum.get(Counter.WRITE_ZEROES),
        sum.get(Counter.CACHES),
        sum.get(Counter.BLOCK_STATUSES),
        sum.get(Counter.ERRORS),
        sum.get(Counter.INVALID),
        sum.get(Counter.HANDED_OVER),
        sum.get(Counter.SOCKET_READS),
        sum.get(Counter.SOCKET_WRITES));
  }
}
