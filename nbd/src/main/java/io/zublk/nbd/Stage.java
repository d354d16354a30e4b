package io.zublk.nbd;

/** How far a client is: in the handshake, or served. */
sealed interface Stage permits Negotiation, Session {}
