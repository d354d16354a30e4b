/**
 * The arena: memory for objects of any size up to a page, taken from the kernel chunk by chunk and
 * given back. For the packages of this module above it.
 */
package io.zublk.store.arena;
