package io.zublk.codec;

/** A coder's memory, by offsets: what it knows of a page before it can say where it belongs. */
final class LineScratch {

  /** Of {@link LineSearch}. */
  static final int TABLE = 0;

  /** Of the object that is made; the word masks are behind them, as they are there. */
  static final int REFERENCES = TABLE + LineSearch.TABLE_BYTES;

  static final int WORD_MASKS = REFERENCES + LineFormat.LINES;

  /** A byte mask for each word of the page, also for those that do not differ. */
  static final int BYTE_MASKS = WORD_MASKS + LineFormat.LINES;

  static final int BYTES = BYTE_MASKS + LineFormat.WORDS;

  private LineScratch() {}
}
