/** What the kernel tells about this machine, its processes and its files. */
package io.zublk.daemon.machine;
