/**
 * The way of a request, from the driver and back: {@link io.zublk.ublk.io.Queues} has the threads,
 * {@link io.zublk.ublk.io.QueueThread} is one of them.
 */
package io.zublk.ublk.io;
