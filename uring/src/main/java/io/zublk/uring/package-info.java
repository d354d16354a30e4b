/**
 * io_uring for Java: entries are written and read in place, and a batch costs one system call.
 *
 * <p>A {@link io.zublk.uring.Ring} has a {@link io.zublk.uring.SubmissionQueue}, whose entries
 * {@link io.zublk.uring.Sqe} writes, and a {@link io.zublk.uring.CompletionQueue}. Numbers come
 * from include/uapi/linux/io_uring.h and from io_uring_setup(2), io_uring_enter(2) and
 * io_uring_register(2). The other system calls are in {@link io.zublk.uring.sys}.
 */
package io.zublk.uring;
