/**
 * Linux system calls through the foreign-function interface, with errno captured.
 *
 * <p>Two conventions. A method that may be called for every I/O request returns what the kernel
 * returns: a result, or a negative errno; it allocates nothing. Every other method throws {@link
 * io.zublk.uring.sys.LinuxException}, whose message names the call and the errno. Numbers are those
 * of x86-64 and aarch64 Linux.
 */
package io.zublk.uring.sys;
