/**
 * The page store: page number to compressed bytes, in one shared-memory file that outlives the
 * process. This package is for everybody; those below it are for this module, and each knows only
 * those before it:
 *
 * <pre>
 *   file     the store file: superblock, layout, memory
 *   table    the page table in it, and its entries
 *   arena    the memory that entries point into
 *   staging  written pages that wait to be compressed
 *   page     what one thread can do to pages
 *   work     the store's own threads
 * </pre>
 *
 * <p>A {@link io.zublk.store.PageStore} puts them together, and each thread of a transport works
 * through a channel that it opens there.
 */
package io.zublk.store;
