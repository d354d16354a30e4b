/** What a device can be told over its control socket, a class a verb. */
package io.zublk.daemon.command;
