/** What brings requests to a device: ublk, NBD and vhost-user, and the choice between them. */
package io.zublk.daemon.transport;
