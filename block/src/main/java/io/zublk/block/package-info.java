/**
 * The narrow waist of zublk: what a transport (ublk, NBD, vhost-user) may ask of a store, and
 * nothing more; and the few things that several of them are made with.
 *
 * <p>Transports depend on this package and on no store; stores depend on it and on no transport.
 * {@link io.zublk.block.BlockDevice} is the waist; {@link io.zublk.block.LateAnswers} is how it is
 * answered by another thread; {@link io.zublk.block.Geometry#PAGE_BYTES} is the page. {@link
 * io.zublk.block.ThreadCounters}, {@link io.zublk.block.IdleSet}, {@link
 * io.zublk.block.RateLimitedLog} and {@link io.zublk.block.FailureListener} are for threads that
 * serve requests.
 */
package io.zublk.block;
