/**
 * An NBD server for any {@link io.zublk.block.BlockDevice}, on a unix socket or on TCP, without
 * privileges.
 *
 * <p>{@link io.zublk.nbd.NbdServer} begins, stops and hands over; {@code Connections} are its
 * clients, each with a thread. {@code Handshake} is the negotiation, {@code Transmission} what
 * follows it: {@code Reads} and {@code Writes} decide who serves a request, {@code RequestServer}
 * is what a thread does with it, {@code Worker} the help for large ones, {@code LateOperations}
 * what the device answers later. {@code SplitRequests} knows who still works on what. All numbers
 * of the protocol are in {@code NbdProtocol}.
 */
package io.zublk.nbd;
