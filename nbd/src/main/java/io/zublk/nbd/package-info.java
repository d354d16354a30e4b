/**
 * An NBD server for any {@link io.zublk.block.BlockDevice}, on a unix socket or on TCP, without
 * privileges.
 *
 * <p>{@link io.zublk.nbd.NbdServer} listens and owns the threads; {@code Handshake} is the
 * negotiation, {@code NbdConnection} the transmission phase of one client, {@code RequestServer}
 * what a thread does with a request, {@code Worker} the help for large ones. All numbers of the
 * protocol are in {@code NbdProtocol}.
 */
package io.zublk.nbd;
