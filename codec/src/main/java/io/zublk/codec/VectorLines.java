package io.zublk.codec;

import static io.zublk.codec.LineFormat.DISTANCE_UNIT;
import static io.zublk.codec.LineFormat.FIXED_BYTES;
import static io.zublk.codec.LineFormat.LINES;
import static io.zublk.codec.LineFormat.LINE_BYTES;
import static io.zublk.codec.LineFormat.MAX_DISTANCE;
import static io.zublk.codec.LineFormat.MAX_OBJECT_BYTES;
import static io.zublk.codec.LineFormat.MEMORY;
import static io.zublk.codec.LineFormat.MIN_DISTANCE;
import static io.zublk.codec.LineFormat.getByte;
import static io.zublk.codec.LineFormat.getLong;
import static io.zublk.codec.LineFormat.getShort;
import static io.zublk.codec.LineFormat.putByte;
import static io.zublk.codec.LineFormat.putLong;
import static io.zublk.codec.LineFormat.putShort;
import static jdk.incubator.vector.VectorOperators.NE;
import static jdk.incubator.vector.VectorOperators.UGT;
import static jdk.incubator.vector.VectorOperators.ULT;
import static jdk.incubator.vector.VectorOperators.XOR;

import java.lang.foreign.Arena;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/**
 * The coder for CPUs with vectors of 64 bytes, {@linkplain LineVectors of which} it takes one a
 * line. There is no branch on data but for what refuses or gives up. Until the compiler has it, it
 * is a hundred times slower and its vectors are objects.
 *
 * <p>No method here takes or returns a vector. The compiler inlines those of the Vector API always,
 * ours only where it has seen them called often; and a vector that is handed to a method which is
 * not inlined is an object.
 *
 * <p>Offsets are masked here and there with what they never exceed: the compiler then sees that an
 * address is one, and leaves out the check, of which there are as many as of memory accesses.
 */
final class VectorLines implements LineCoder {

  private static final VectorSpecies<Byte> BYTES = ByteVector.SPECIES_512;
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;

  private static final long ADDRESS = Long.MAX_VALUE >>> 1;
  private static final int IN_PAGE = PageCodec.PAGE_BYTES - 1;
  private static final int IN_OBJECT = 2 * PageCodec.PAGE_BYTES - 1;

  /** The line of zeros. */
  private static final long ZEROS = Arena.global().allocate(LINE_BYTES, LINE_BYTES).address();

  /** The largest reference that each line may have. */
  private static final ByteVector MAX_REFERENCES = maxReferences();

  private static ByteVector maxReferences() {
    byte[] most = new byte[LINES];
    for (int line = 0; line < LINES; line++) {
      most[line] = (byte) (Math.min(line * LINE_BYTES, MAX_DISTANCE) / DISTANCE_UNIT);
    }
    return ByteVector.fromArray(BYTES, most, 0);
  }

  /** Whether the JVM itself would take vectors of this size; if not, they are emulated. */
  static boolean isWhatTheJvmPrefers() {
    return ByteVector.SPECIES_PREFERRED.length() == LINE_BYTES;
  }

  @Override
  public int encode(long pageAddress, long objectAddress, int limit, long scratchAddress) {
    int room = limit - FIXED_BYTES;
    if (room < 0) {
      return 0;
    }
    long page = pageAddress & ADDRESS;
    long object = objectAddress & ADDRESS;
    long scratch = scratchAddress & ADDRESS;
    clear(scratch + LineScratch.TABLE);
    int literals = 0;
    int last = LineSearch.FIRST_DISTANCE;
    for (int line = 0; line < LINES; line++) {
      int position = (line * LINE_BYTES) & IN_PAGE;
      ByteVector bytes = ByteVector.fromMemorySegment(BYTES, MEMORY, page + position, ORDER);
      int found = search(page, position, last, scratch + LineScratch.TABLE);
      int distance = line == 0 ? 0 : found;
      int isZero = (distance - 1) >> 31;
      last = (last & isZero) | distance;
      long from = select(page + position - distance, isZero);
      ByteVector difference =
          bytes.lanewise(XOR, ByteVector.fromMemorySegment(BYTES, MEMORY, from, ORDER));
      VectorMask<Byte> differing = difference.compare(NE, (byte) 0);
      // There are limit - 128 literals at most, so that 64 bytes are within the limit.
      difference
          .compress(differing)
          .intoMemorySegment(MEMORY, object + (literals & IN_OBJECT), ORDER);
      long mask = differing.toLong();
      putLong(scratch + LineScratch.BYTE_MASKS + (position / Long.BYTES), mask);
      putByte(scratch + LineScratch.REFERENCES + (position / LINE_BYTES), distance / DISTANCE_UNIT);
      literals += Long.bitCount(mask);
      if (literals > room
          || (line == LineSearch.JUDGED_LINE - 1 && LineSearch.isHopeless(literals, limit))) {
        return 0;
      }
    }
    return packRest(object, literals, room, scratch);
  }

  private static void clear(long table) {
    ByteVector zeros = ByteVector.zero(BYTES);
    for (int i = 0; i < LineSearch.TABLE_BYTES; i += LINE_BYTES) {
      zeros.intoMemorySegment(MEMORY, table + i, ORDER);
    }
  }

  /** The distance of what predicts a line best, 0 for zeros; means nothing for the first line. */
  private static int search(long page, int position, int last, long table) {
    ByteVector bytes = ByteVector.fromMemorySegment(BYTES, MEMORY, page + position, ORDER);
    int lowest = Math.max(position - MAX_DISTANCE, 0);
    int highest = Math.max(position - MIN_DISTANCE, 0);
    int best = LineSearch.score(Long.bitCount(bytes.compare(NE, (byte) 0).toLong()), 0);
    for (int at = LINE_BYTES - Long.BYTES; at >= 0; at -= Long.BYTES) {
      long slot = table + LineSearch.slot(getLong(page + position + at));
      int start = Math.min(Math.max(getShort(slot) - at, lowest), highest);
      putShort(slot, position + at);
      ByteVector candidate =
          ByteVector.fromMemorySegment(BYTES, MEMORY, page + (start & IN_PAGE), ORDER);
      int differing = Long.bitCount(bytes.compare(NE, candidate).toLong());
      best = Math.min(best, LineSearch.score(differing, position - start));
    }
    int start = Math.min(position - last, highest);
    ByteVector candidate =
        ByteVector.fromMemorySegment(BYTES, MEMORY, page + (start & IN_PAGE), ORDER);
    int differing = Long.bitCount(bytes.compare(NE, candidate).toLong());
    best = Math.min(best, LineSearch.score(differing, position - start));
    return LineSearch.distance(best);
  }

  /** {@code address}, or that of zeros. The compiler would make a branch of a condition. */
  private static long select(long address, long isZero) {
    return address ^ ((address ^ ZEROS) & isZero);
  }

  /** Puts masks and references behind the literals; returns the object's length, or 0. */
  private static int packRest(long object, int literals, int room, long scratch) {
    int end = literals;
    for (int word = 0; word < LineFormat.WORDS; word += LINE_BYTES) {
      ByteVector masks =
          ByteVector.fromMemorySegment(
              BYTES, MEMORY, scratch + LineScratch.BYTE_MASKS + word, ORDER);
      VectorMask<Byte> words = masks.compare(NE, (byte) 0);
      if (end > room) {
        return 0;
      }
      masks.compress(words).intoMemorySegment(MEMORY, object + (end & IN_OBJECT), ORDER);
      long wordMasks = words.toLong();
      putLong(scratch + LineScratch.WORD_MASKS + word / Long.BYTES, wordMasks);
      end += Long.bitCount(wordMasks);
    }
    if (end > room) {
      return 0;
    }
    ByteVector.fromMemorySegment(BYTES, MEMORY, scratch + LineScratch.REFERENCES, ORDER)
        .intoMemorySegment(MEMORY, object + end, ORDER);
    ByteVector.fromMemorySegment(BYTES, MEMORY, scratch + LineScratch.WORD_MASKS, ORDER)
        .intoMemorySegment(MEMORY, object + end + LINES, ORDER);
    return end + FIXED_BYTES;
  }

  @Override
  public boolean decode(long objectAddress, int length, long pageAddress, long scratchAddress) {
    if (length < FIXED_BYTES || length > MAX_OBJECT_BYTES) {
      return false;
    }
    long page = pageAddress & ADDRESS;
    long object = objectAddress & ADDRESS;
    long scratch = scratchAddress & ADDRESS;
    long wordMasks = (object + length - LINES) & ADDRESS;
    long references = (object + length - 2 * LINES) & ADDRESS;
    int literalBytes = length - FIXED_BYTES - countWords(wordMasks);
    if (literalBytes < 0 || !areValid(references)) {
      return false;
    }
    unpackMasks(wordMasks, object, literalBytes, scratch + LineScratch.BYTE_MASKS);
    int literals = 0;
    for (int line = 0; line < LINES; line++) {
      if (literals > literalBytes) {
        return false;
      }
      long mask = getLong(scratch + LineScratch.BYTE_MASKS + (long) line * Long.BYTES);
      int units = getByte(references + line);
      long to = page + ((line * LINE_BYTES) & IN_PAGE);
      long from = select(to - (long) units * DISTANCE_UNIT, (units - 1) >> 31) & ADDRESS;
      ByteVector compressed =
          ByteVector.fromMemorySegment(BYTES, MEMORY, object + (literals & IN_OBJECT), ORDER);
      ByteVector difference = compressed.expand(VectorMask.fromLong(BYTES, mask));
      difference
          .lanewise(XOR, ByteVector.fromMemorySegment(BYTES, MEMORY, from, ORDER))
          .intoMemorySegment(MEMORY, to, ORDER);
      literals += Long.bitCount(mask);
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

  private static boolean areValid(long address) {
    ByteVector references = ByteVector.fromMemorySegment(BYTES, MEMORY, address, ORDER);
    long tooFar = references.compare(UGT, MAX_REFERENCES).toLong();
    // Of 0, which is zeros, there is nothing less 1.
    long tooNear =
        references.sub((byte) 1).compare(ULT, (byte) (MIN_DISTANCE / DISTANCE_UNIT - 1)).toLong();
    return (tooFar | tooNear) == 0;
  }

  /** The word masks of eight lines are 64 bits: which of their 64 words has a byte mask. */
  private static void unpackMasks(long wordMasks, long object, int first, long target) {
    int next = first;
    for (int line = 0; line < LINES; line += Long.BYTES) {
      long words = getLong(wordMasks + line);
      ByteVector masks =
          ByteVector.fromMemorySegment(BYTES, MEMORY, object + (next & IN_OBJECT), ORDER);
      masks
          .expand(VectorMask.fromLong(BYTES, words))
          .intoMemorySegment(MEMORY, target + (long) line * Long.BYTES, ORDER);
      next += Long.bitCount(words);
    }
  }
}
