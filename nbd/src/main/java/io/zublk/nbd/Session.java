package io.zublk.nbd;

/**
 * What client and server agreed on in the handshake.
 *
 * @param structured whether READs are answered in chunks and errors with error chunks
 * @param blockStatus whether the client chose the context {@code base:allocation}
 */
record Session(boolean structured, boolean blockStatus) implements Stage {}
