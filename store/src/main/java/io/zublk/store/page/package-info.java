/**
 * What one thread can do to pages: read and replace them, compress what is staged, move what lies
 * scattered. For the packages of this module above it.
 *
 * <p>A page-table entry points at an object. {@link io.zublk.store.page.PageReader} and {@link
 * io.zublk.store.page.PageWriter} know pages and their entries; the readers and writers of objects
 * below them know bytes, checksums and codecs. Each thread has its own of all of them: a {@link
 * io.zublk.store.page.PageAccess}.
 */
package io.zublk.store.page;
