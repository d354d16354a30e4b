/**
 * The shared-memory file of a store: where its parts lie, what its first page says, and the
 * kernel's memory behind it. For the packages of this module above it.
 *
 * <p>Only the superblock, the page table and the bytes of slabs and of staged pages carry meaning
 * across a crash. All else is derived from the page table whenever a file is opened, so there is
 * nothing to repair and no order of writes to get wrong but one: bytes first, then the entry.
 */
package io.zublk.store.file;
