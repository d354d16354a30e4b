/** What brings requests to a device: ublk and NBD, and the choice between them. */
package io.zublk.daemon.transport;
