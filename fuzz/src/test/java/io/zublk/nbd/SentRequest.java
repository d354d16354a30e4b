package io.zublk.nbd;

/** A request as a client sends it; the length has 32 bits and no sign. */
record SentRequest(int type, int flags, long cookie, long position, long length) {}
