/**
 * The page store: page number to compressed bytes, in one shared-memory file that outlives the
 * process.
 *
 * <p>A {@link io.zublk.store.PageStore} maps a {@link io.zublk.store.StoreFile}, whose {@link
 * io.zublk.store.StoreLayout} holds a {@link io.zublk.store.PageTable} of 64-bit {@link
 * io.zublk.store.PageEntry entries} and the {@link io.zublk.store.SlabArena} that they point into.
 * Each thread works through a {@link io.zublk.store.PageChannel}.
 *
 * <p>Only the superblock, the page table and the slabs' bytes carry meaning across a crash. The
 * arena's own books are derived from the page table whenever a file is opened, so there is nothing
 * to repair and no order of writes to get wrong but one: bytes first, then the entry.
 */
package io.zublk.store;
