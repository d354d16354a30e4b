/** A device's process, from its first to its last step. */
package io.zublk.daemon.device;
