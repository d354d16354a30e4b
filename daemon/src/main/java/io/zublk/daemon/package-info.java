/**
 * Devices as programs see them: what can be asked of one, how it is started, found and removed.
 *
 * <p>Other modules use this package and no other. The rooms below it know each other along these
 * arrows, and of this package only the words, such as {@link io.zublk.daemon.DeviceConfig} and
 * {@link io.zublk.daemon.UserException}, which know no room:
 *
 * <pre>
 * device  a device's process, from its first to its last step
 *   |-> command   what a device can be told, a class a verb
 *   |     |-> control  the socket over which it is told
 *   |-> registry  who has which id, and what is left of the dead
 *   |     |-> transport  what brings requests: ublk, NBD
 *   |           |-> settings  what a machine makes of what was asked for
 *   |-> log       what happened
 * launch  what it takes to start such a process
 * machine (below all but log)  what the kernel tells
 * </pre>
 */
package io.zublk.daemon;
