/** What it takes to start a device's process: memory, a JVM, and an ear for its words. */
package io.zublk.daemon.launch;
