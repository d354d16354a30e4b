/**
 * A vhost-user-blk server for any {@link io.zublk.block.BlockDevice}: virtual machines (QEMU,
 * cloud-hypervisor) and programs (libblkio) use the device through shared memory.
 *
 * <p>{@link io.zublk.vhost.VhostServer} listens and owns the threads. {@code protocol} is what is
 * said over the socket: {@code Session} agrees with a client on features, memory and rings. {@code
 * io} serves the rings: {@code RingThread} waits, {@code RingServer} takes what is in a ring,
 * {@code RequestServer} has the device do it. {@code ring} is virtio's split ring and {@code
 * Chain}, one request's memory; {@code memory} is what the client shares, and what may happen to
 * it.
 *
 * <p>Nothing that the client can write is trusted: each field is read once, copied and checked, and
 * the device works on buffers of ours.
 */
package io.zublk.vhost;
