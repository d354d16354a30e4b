/**
 * Disks served by Java: a server library for ublk, the kernel's driver of userspace block devices.
 *
 * <p>Implement {@link io.zublk.block.BlockDevice} and give it to {@link
 * io.zublk.ublk.UblkServer#start}; see {@link io.zublk.ublk.examples.NullDevice} and {@link
 * io.zublk.ublk.examples.RamDevice}. {@link io.zublk.ublk.UblkDevices} looks at and deletes devices
 * of any process.
 *
 * <p>A {@linkplain io.zublk.ublk.UblkOptions#recoverable recoverable} device outlives its server:
 * if that is killed, or {@linkplain io.zublk.ublk.UblkServer#handOver hands over}, users wait until
 * another one {@linkplain io.zublk.ublk.UblkServer#recover recovers} it.
 *
 * <p>A request's way: the kernel puts it into a tag of a hardware queue and copies a write's bytes
 * into the tag's buffer; the queue's thread, back from its one system call per batch, reads the
 * tag's descriptor, has the device serve it, and commits the result with its next system call.
 *
 * <p>This package is what users need. {@code control} has what the driver is asked for outside of
 * requests, {@code io} the way of a request, {@code abi} the kernel's numbers.
 *
 * <p>Needs Linux 6.5 with CONFIG_BLK_DEV_UBLK, and CAP_SYS_ADMIN. Numbers come from
 * include/uapi/linux/ublk_cmd.h, rules from Documentation/block/ublk.rst.
 */
package io.zublk.ublk;
