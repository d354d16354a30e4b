package io.zublk.codec;

import static io.zublk.codec.LineFormat.DISTANCE_UNIT;
import static io.zublk.codec.LineFormat.FIXED_BYTES;
import static io.zublk.codec.LineFormat.LINES;
import static io.zublk.codec.LineFormat.LINE_BYTES;
import static io.zublk.codec.LineFormat.MAX_OBJECT_BYTES;
import static io.zublk.codec.LineFormat.MIN_DISTANCE;
import static io.zublk.codec.LineFormat.getByte;
import static io.zublk.codec.LineFormat.getLong;
import static io.zublk.codec.LineFormat.getShort;
import static io.zublk.codec.LineFormat.putByte;
import static io.zublk.codec.LineFormat.putLong;
import static io.zublk.codec.LineFormat.putShort;

/** The coder for any CPU, a word at a time. */
final class ScalarLines implements LineCoder {

  private static final long LOW_BITS = 0x7F * LineFormat.BYTES;

  @Override
  public int encode(long page, long object, int limit, long scratch) {
    int room = limit - FIXED_BYTES;
    if (room < 0) {
      return 0;
    }
    clear(scratch + LineScratch.TABLE);
    int literals = 0;
    int masks = 0;
    int last = LineSearch.FIRST_DISTANCE;
    for (int line = 0; line < LINES; line++) {
      long from = page + (long) line * LINE_BYTES;
      int distance = search(from, line * LINE_BYTES, last, scratch + LineScratch.TABLE);
      last = distance == 0 ? last : distance;

      int differing = 0;
      for (int at = 0; at < LINE_BYTES; at += Long.BYTES) {
        long difference = getLong(from + at) ^ predicted(from + at, distance);
        if (difference != 0) {
          long bytes = nonZeroBytes(difference);
          // Before this line there were limit - 128 at most, so that this, too, is within limit.
          putLong(object + literals, Long.compress(difference, bytes * 0xFF));
          putByte(scratch + LineScratch.BYTE_MASKS + masks, gather(bytes));
          literals += Long.bitCount(bytes);
          masks++;
          differing |= 1 << (at / Long.BYTES);
        }
      }
      putByte(scratch + LineScratch.REFERENCES + line, distance / DISTANCE_UNIT);
      putByte(scratch + LineScratch.WORD_MASKS + line, differing);
      if (literals + masks > room
          || (line == LineSearch.JUDGED_LINE - 1 && LineSearch.isHopeless(literals, limit))) {
        return 0;
      }
    }
    copyRest(scratch, masks, object + literals);
    return literals + masks + FIXED_BYTES;
  }

  private static void clear(long table) {
    for (int i = 0; i < LineSearch.TABLE_BYTES; i += Long.BYTES) {
      putLong(table + i, 0);
    }
  }

  /** The distance of what predicts the line best: 0, zeros, for the first. */
  private static int search(long from, int position, int last, long table) {
    int best = position == 0 ? 0 : Math.min(score(from, 0), score(from, last));
    for (int at = LINE_BYTES - Long.BYTES; at >= 0; at -= Long.BYTES) {
      long slot = table + LineSearch.slot(getLong(from + at));
      int distance = LineSearch.clamp(position + at - getShort(slot), position);
      putShort(slot, position + at);
      if (distance != last && position != 0) {
        best = Math.min(best, score(from, distance));
      }
    }
    return LineSearch.distance(best);
  }

  private static int score(long from, int distance) {
    int differing = 0;
    for (int at = 0; at < LINE_BYTES; at += Long.BYTES) {
      long difference = getLong(from + at) ^ predicted(from + at, distance);
      differing += Long.bitCount(nonZeroBytes(difference));
    }
    return LineSearch.score(differing, distance);
  }

  private static long predicted(long address, int distance) {
    return distance == 0 ? 0 : getLong(address - distance);
  }

  /** The lowest bit of each byte that is not zero. */
  private static long nonZeroBytes(long word) {
    return ((((word & LOW_BITS) + LOW_BITS) | word) & ~LOW_BITS) >>> 7;
  }

  /** From the lowest bit of each byte to 8 bits. */
  private static int gather(long bytes) {
    return (int)
        ((bytes * 0x0102_0408_1020_4080L) >>> 56); // bit 8k goes to 56 + k, none meet there
  }

  /** Byte masks, references and word masks. */
  private static void copyRest(long scratch, int masks, long to) {
    for (int i = 0; i < masks; i++) {
      putByte(to + i, getByte(scratch + LineScratch.BYTE_MASKS + i));
    }
    for (int i = 0; i < FIXED_BYTES; i += Long.BYTES) {
      putLong(to + masks + i, getLong(scratch + LineScratch.REFERENCES + i));
    }
  }

  @Override
  public boolean decode(long object, int length, long page, long scratch) {
    if (length < FIXED_BYTES || length > MAX_OBJECT_BYTES) {
      return false;
    }
    long wordMasks = object + length - LINES;
    long references = wordMasks - LINES;
    int literalBytes = length - FIXED_BYTES - countWords(wordMasks);
    if (literalBytes < 0) {
      return false;
    }
    long masks = object + literalBytes;
    int literals = 0;
    for (int line = 0; line < LINES; line++) {
      int distance = getByte(references + line) * DISTANCE_UNIT;
      if (distance > line * LINE_BYTES || (distance > 0 && distance < MIN_DISTANCE)) {
        return false;
      }
      long to = page + (long) line * LINE_BYTES;
      int differing = getByte(wordMasks + line);
      for (int at = 0; at < LINE_BYTES; at += Long.BYTES, differing >>>= 1) {
        long word = predicted(to + at, distance);
        if ((differing & 1) != 0) {
          if (literals > literalBytes) {
            return false;
          }
          int mask = getByte(masks++);
          word ^= Long.expand(getLong(object + literals), spread(mask));
          literals += Integer.bitCount(mask);
        }
        putLong(to + at, word);
      }
    }
    return literals == literalBytes;
  }

  private static int countWords(long wordMasks) {
    int words = 0;
    for (int i = 0; i < LINES; i += Long.BYTES) {
      words += Long.bitCount(getLong(wordMasks + i));
    }
    return words;
  }

  /** From 8 bits to whole bytes. */
  private static long spread(int mask) {
    return Long.expand(mask, LineFormat.BYTES) * 0xFF;
  }
}
