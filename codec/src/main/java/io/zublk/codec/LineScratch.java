package io.zublk.codec;

/**
 * An encoder's memory, by offsets: the table of {@link LineSearch}, and the parts of the object
 * whose place is known when there are no more literals.
 */
final class LineScratch {

  static final int TABLE = 0;

  static final int REFERENCES = TABLE + LineSearch.TABLE_BYTES;

  static final int WORD_MASKS = REFERENCES + LineFormat.LINES;

  static final int BYTE_MASKS = WORD_MASKS + LineFormat.LINES;

  /** Byte masks are written and copied a line at a time, however many there are. */
  static final int BYTES = BYTE_MASKS + LineFormat.WORDS + LineFormat.LINE_BYTES;

  private LineScratch() {}
}
