/** The control socket of a device: a line of JSON each way. It knows no command. */
package io.zublk.daemon.control;
