/** The log of a device's process, in which all modules' loggers end. */
package io.zublk.daemon.log;
