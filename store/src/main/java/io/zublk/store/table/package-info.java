/**
 * The page table: a 64-bit entry a page, which says what the page is or where its bytes lie, and is
 * its lock. For the packages of this module above it.
 */
package io.zublk.store.table;
