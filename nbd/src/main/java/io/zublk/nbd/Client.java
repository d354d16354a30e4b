package io.zublk.nbd;

/**
 * What the threads that serve one client share.
 *
 * @param session what was agreed with it
 * @param writer the way of replies to it
 * @param parts its requests that several threads work on
 * @param memory where its requests and replies lie
 */
record Client(Session session, ReplyWriter writer, SplitRequests parts, ConnectionMemory memory) {}
