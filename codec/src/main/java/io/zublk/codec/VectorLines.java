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
import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.NE;
import static jdk.incubator.vector.VectorOperators.UGT;
import static jdk.incubator.vector.VectorOperators.ULT;
import static jdk.incubator.vector.VectorOperators.XOR;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_B2L;

import java.lang.foreign.Arena;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/**
 * The coder for CPUs with vectors of 64 bytes, {@linkplain LineVectors of which} it takes one a
 * line. There is no branch on data but for what refuses or gives up. Until the compiler has it, it
 * is a hundred times slower and its vectors are objects.
 *
 * <p>Offsets are masked here and there with what they never exceed: the compiler then sees that an
 * address is one, and leaves out the check, of which there are as many as of memory accesses.
 */
final class VectorLines implements LineCoder {

  private static final VectorSpecies<Byte> BYTES = ByteVector.SPECIES_512;
  private static final VectorSpecies<Byte> EIGHT_BYTES = ByteVector.SPECIES_64;
  private static final VectorSpecies<Long> LONGS = LongVector.SPECIES_512;
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;

  /** Parts of what has one element a line are done eight lines at a time. */
  private static final int GROUP = 8;

  private static final long ADDRESS = Long.MAX_VALUE >>> 1;
  private static final int IN_PAGE = PageCodec.PAGE_BYTES - 1;
  private static final int IN_OBJECT = 2 * PageCodec.PAGE_BYTES - 1;

  /** The line of zeros. */
  private static final long ZEROS = Arena.global().allocate(LINE_BYTES, LINE_BYTES).address();

  /** The largest reference that each line may have. */
  private static final ByteVector MAX_REFERENCES = maxReferences();

  /** Where in the page the lines of a group are. */
  private static final LongVector POSITIONS = LongVector.zero(LONGS).addIndex(LINE_BYTES);

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

  private static ByteVector load(long address) {
    return ByteVector.fromMemorySegment(BYTES, MEMORY, address, ORDER);
  }

  private static void store(ByteVector bytes, long address) {
    bytes.intoMemorySegment(MEMORY, address, ORDER);
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
      ByteVector bytes = load(page + position);
      int found = search(bytes, page, position, last, scratch + LineScratch.TABLE);
      int distance = line == 0 ? 0 : found;
      int isZero = (distance - 1) >> 31;
      last = (last & isZero) | distance;
      long from = select(page + position - distance, isZero);
      ByteVector difference = bytes.lanewise(XOR, load(from));
      VectorMask<Byte> differing = difference.compare(NE, (byte) 0);
      // There are limit - 128 literals at most, so that 64 bytes are within the limit.
      store(difference.compress(differing), object + (literals & IN_OBJECT));
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
      store(zeros, table + i);
    }
  }

  /** The distance of what predicts a line best, 0 for zeros; means nothing for the first line. */
  private static int search(ByteVector bytes, long page, int position, int last, long table) {
    int lowest = Math.max(position - MAX_DISTANCE, 0);
    int highest = Math.max(position - MIN_DISTANCE, 0);
    int best = LineSearch.score(Long.bitCount(bytes.compare(NE, (byte) 0).toLong()), 0);
    for (int at = LINE_BYTES - Long.BYTES; at >= 0; at -= Long.BYTES) {
      long slot = table + LineSearch.slot(getLong(page + position + at));
      int start = Math.min(Math.max(getShort(slot) - at, lowest), highest);
      putShort(slot, position + at);
      best = Math.min(best, score(bytes, page, position, start));
    }
    best = Math.min(best, score(bytes, page, position, Math.min(position - last, highest)));
    return LineSearch.distance(best);
  }

  private static int score(ByteVector bytes, long page, int position, int start) {
    ByteVector candidate = load(page + (start & IN_PAGE));
    int differing = Long.bitCount(bytes.compare(NE, candidate).toLong());
    return LineSearch.score(differing, position - start);
  }

  /** {@code address}, or that of zeros. The compiler would make a branch of a condition. */
  private static long select(long address, long isZero) {
    return address ^ ((address ^ ZEROS) & isZero);
  }

  /** Puts masks and references behind the literals; returns the object's length, or 0. */
  private static int packRest(long object, int literals, int room, long scratch) {
    int end = literals;
    for (int word = 0; word < LineFormat.WORDS; word += LINE_BYTES) {
      ByteVector masks = load(scratch + LineScratch.BYTE_MASKS + word);
      VectorMask<Byte> words = masks.compare(NE, (byte) 0);
      if (end > room) {
        return 0;
      }
      store(masks.compress(words), object + (end & IN_OBJECT));
      long wordMasks = words.toLong();
      putLong(scratch + LineScratch.WORD_MASKS + word / Long.BYTES, wordMasks);
      end += Long.bitCount(wordMasks);
    }
    if (end > room) {
      return 0;
    }
    store(load(scratch + LineScratch.REFERENCES), object + end);
    store(load(scratch + LineScratch.WORD_MASKS), object + end + LINES);
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
    touch(object, length, scratch);
    int literalBytes = length - FIXED_BYTES - countWords(wordMasks);
    if (literalBytes < 0 || !areValid(load(references))) {
      return false;
    }
    unpackMasks(wordMasks, object, literalBytes, scratch + LineScratch.BYTE_MASKS);
    unpackReferences(references, page, scratch + LineScratch.SOURCES);
    int literals = 0;
    for (int line = 0; line < LINES; line++) {
      if (literals > literalBytes) {
        return false;
      }
      long mask = getLong(scratch + LineScratch.BYTE_MASKS + (long) line * Long.BYTES);
      long from = getLong(scratch + LineScratch.SOURCES + (long) line * Long.BYTES) & ADDRESS;
      ByteVector compressed = load(object + (literals & IN_OBJECT));
      ByteVector difference = compressed.expand(VectorMask.fromLong(BYTES, mask));
      store(difference.lanewise(XOR, load(from)), page + (long) line * LINE_BYTES);
      literals += Long.bitCount(mask);
    }
    return literals == literalBytes;
  }

  /**
   * Fetches all of an object at once. What is decoded lies in four places, each of which would wait
   * for memory alone; out of memory a page takes 0.6 times as long so, and in cache 5 % more.
   */
  private static void touch(long object, int length, long scratch) {
    int bits = 0;
    for (int i = 0; i < length; i += LINE_BYTES) {
      bits |= getByte(object + i);
    }
    putByte(scratch, bits); // so that it is not for nothing
  }

  private static int countWords(long wordMasks) {
    int words = 0;
    for (int i = 0; i < LINES; i += Long.BYTES) {
      words += Long.bitCount(getLong(wordMasks + i));
    }
    return words;
  }

  private static boolean areValid(ByteVector references) {
    long tooFar = references.compare(UGT, MAX_REFERENCES).toLong();
    // Of 0, which is zeros, there is nothing less 1.
    long tooNear =
        references.sub((byte) 1).compare(ULT, (byte) (MIN_DISTANCE / DISTANCE_UNIT - 1)).toLong();
    return (tooFar | tooNear) == 0;
  }

  /** The word masks of a group are 64 bits: which of its 64 words has a byte mask. */
  private static void unpackMasks(long wordMasks, long object, int first, long target) {
    int next = first;
    for (int line = 0; line < LINES; line += GROUP) {
      long words = getLong(wordMasks + line);
      ByteVector masks = load(object + (next & IN_OBJECT));
      store(masks.expand(VectorMask.fromLong(BYTES, words)), target + (long) line * Long.BYTES);
      next += Long.bitCount(words);
    }
  }

  private static void unpackReferences(long references, long page, long target) {
    for (int line = 0; line < LINES; line += GROUP) {
      ByteVector group =
          ByteVector.fromMemorySegment(EIGHT_BYTES, MEMORY, references + line, ORDER);
      LongVector units = (LongVector) group.convertShape(ZERO_EXTEND_B2L, LONGS, 0);
      LongVector distances = units.lanewise(LSHL, 3);
      LongVector sources = POSITIONS.add(page + (long) line * LINE_BYTES).sub(distances);
      sources
          .blend(ZEROS, units.compare(EQ, 0))
          .intoMemorySegment(MEMORY, target + (long) line * Long.BYTES, ORDER);
    }
  }
}
