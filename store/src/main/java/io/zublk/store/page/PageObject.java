package io.zublk.store.page;

import io.zublk.store.file.StoreExtent;
import io.zublk.store.file.StoreLayout;
import io.zublk.store.table.PageEntry;

/**
 * What a page-table entry points at: a checksum, 4 bytes, and then the compressed bytes; or a page
 * as it is, whose checksum is in the entry.
 *
 * <pre>
 *   padded:  checksum : 4 | kind : 2 | length : 2 | compressed bytes | anything
 * </pre>
 *
 * <p>The checksum is seeded with the page number and the entry's kind and length, so an object that
 * belongs to another page is as wrong as a damaged one.
 *
 * <p>Whatever else must be told of an object stands at its head, as in a padded one: an entry has
 * no bit to spare, and no kind. At the head is the place of a dictionary's id, and of the kind of a
 * codec beyond those that entries can name: there it has 16 bits.
 */
public final class PageObject {

  static final int CHECKSUM_BYTES = Integer.BYTES;

  /** Of a {@linkplain PageEntry#PADDED padded} object, from the end of its checksum. */
  static final int INNER_KIND = 0;

  static final int INNER_LENGTH = 2;
  static final int INNER_BYTES = 4;

  private PageObject() {}

  /** The bytes that an entry's object takes. */
  public static int bytes(long entry) {
    int length = PageEntry.length(entry);
    return PageEntry.isWhole(entry) ? length : CHECKSUM_BYTES + length;
  }

  /** Where an entry's object or staged page lies in the store file. */
  public static long position(StoreLayout layout, long entry) {
    boolean isStaged = PageEntry.kind(entry) == PageEntry.STAGED;
    return (isStaged ? layout.stagingOffset : layout.arenaOffset) + PageEntry.location(entry);
  }

  /** Whether all of an entry's object or staged page lies where such things lie. */
  public static boolean isInside(StoreExtent extent, long entry) {
    StoreLayout layout = extent.layout;
    boolean isStaged = PageEntry.kind(entry) == PageEntry.STAGED;
    long end = position(layout, entry) + bytes(entry);
    return end <= (isStaged ? layout.fileBytes : extent.arenaEnd);
  }

  /** The seed of the object's checksum. An entry's own checksum and lock do not matter. */
  static long seed(long page, long entry) {
    long seed =
        (page << 16) | ((long) PageEntry.kind(entry) << 12) | (PageEntry.length(entry) & 0xfff);
    // The short check of such an entry says less about the place it names.
    return PageEntry.isWhole(entry) ? seed ^ (PageEntry.location(entry) << 20) : seed;
  }
}
