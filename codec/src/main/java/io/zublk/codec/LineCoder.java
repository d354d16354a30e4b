package io.zublk.codec;

/**
 * Packs and unpacks pages as {@link LineFormat} has them, for one kind of CPU. All of them make the
 * same object of the same page and refuse the same objects. Without state, so any thread's.
 *
 * <p>Addresses are of native memory that the caller has checked.
 */
interface LineCoder {

  /**
   * Packs a page.
   *
   * @param limit the most bytes the object may have, and those at {@code object} that may be
   *     overwritten, whatever is returned
   * @param scratch the address of {@link LineScratch#BYTES} bytes
   * @return the bytes of the object, or 0 if they are more than {@code limit}, or {@linkplain
   *     LineSearch#isHopeless seem to become more}
   */
  int encode(long page, long object, int limit, long scratch);

  /**
   * Unpacks {@code length} bytes to a page. Safe for any input.
   *
   * @return false if they are not an object; the page is then undefined
   */
  boolean decode(long object, int length, long page, long scratch);
}
