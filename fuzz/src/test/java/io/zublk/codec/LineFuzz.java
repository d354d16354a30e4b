package io.zublk.codec;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.zublk.fuzz.Runs;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;

/** Objects of {@code line}: every coder refuses the same, or makes the same page. */
@Runs(20_000)
public final class LineFuzz {

  private static final int CANARY_BYTES = 64;
  private static final byte CANARY = (byte) 0xA5;

  /** An object, its page, the object made of that. */
  private static final MemorySegment OBJECT = allocate(LineFormat.MAX_OBJECT_BYTES);

  private static final MemorySegment PAGE = allocate(PageCodec.PAGE_BYTES);
  private static final MemorySegment PACKED = allocate(LineFormat.MAX_OBJECT_BYTES);
  private static final MemorySegment SCRATCH = allocate(LineScratch.BYTES);

  private static final List<LineCoder> CODERS =
      LineVectors.unusable().isEmpty()
          ? List.of(new ScalarLines(), new VectorLines())
          : List.of(new ScalarLines());

  private LineFuzz() {}

  private static MemorySegment allocate(int bytes) {
    return Arena.global().allocate(bytes + 2L * CANARY_BYTES, 64).asSlice(CANARY_BYTES, bytes);
  }

  public static void fuzzerTestOneInput(byte[] data) {
    check(data);
    check(withFittingLiterals(data));
  }

  private static void check(byte[] object) {
    byte[] page = decoded(CODERS.getFirst(), object);
    for (LineCoder coder : CODERS) {
      expect(page, decoded(coder, object));
      if (page != null) {
        byte[] packed = encoded(coder, page);
        expect(encoded(CODERS.getFirst(), page), packed);
        expect(page, decoded(coder, packed));
      }
    }
  }

  private static void expect(byte[] expected, byte[] found) {
    if (!Arrays.equals(expected, found)) {
      throw new AssertionError("coders differ");
    }
  }

  /**
   * What the data says, but with as many literals as its byte masks ask for: by chance alone there
   * would hardly ever be so many.
   */
  private static byte[] withFittingLiterals(byte[] data) {
    byte[] fixed = new byte[LineFormat.FIXED_BYTES];
    int given = Math.min(data.length, fixed.length);
    System.arraycopy(data, data.length - given, fixed, fixed.length - given, given);
    int words = 0;
    for (int i = LineFormat.LINES; i < fixed.length; i++) {
      words += Integer.bitCount(fixed[i] & 0xFF);
    }
    int before = data.length - given;
    byte[] masks = Arrays.copyOfRange(data, Math.max(0, before - words), before);
    masks = Arrays.copyOf(masks, words);
    int literals = 0;
    for (byte mask : masks) {
      literals += Integer.bitCount(mask & 0xFF);
    }
    byte[] object = Arrays.copyOf(data, literals + words + fixed.length);
    System.arraycopy(masks, 0, object, literals, words);
    System.arraycopy(fixed, 0, object, literals + words, fixed.length);
    return object;
  }

  private static byte[] decoded(LineCoder coder, byte[] bytes) {
    // At the end of what it lies in: a longer one is refused by its length alone.
    MemorySegment object =
        bytes.length > LineFormat.MAX_OBJECT_BYTES
            ? OBJECT
            : OBJECT.asSlice(LineFormat.MAX_OBJECT_BYTES - bytes.length);
    MemorySegment.copy(
        bytes, 0, object, JAVA_BYTE, 0, (int) Math.min(bytes.length, object.byteSize()));
    surround(PAGE);
    boolean isPage =
        coder.decode(object.address(), bytes.length, PAGE.address(), SCRATCH.address());
    checkSurroundings(PAGE);
    return isPage ? PAGE.toArray(JAVA_BYTE) : null;
  }

  private static byte[] encoded(LineCoder coder, byte[] page) {
    MemorySegment.copy(page, 0, PAGE, JAVA_BYTE, 0, page.length);
    surround(PACKED);
    int length =
        coder.encode(
            PAGE.address(), PACKED.address(), LineFormat.MAX_OBJECT_BYTES, SCRATCH.address());
    checkSurroundings(PACKED);
    return PACKED.asSlice(0, length).toArray(JAVA_BYTE);
  }

  private static void surround(MemorySegment memory) {
    before(memory).fill(CANARY);
    after(memory).fill(CANARY);
  }

  private static void checkSurroundings(MemorySegment memory) {
    for (int i = 0; i < CANARY_BYTES; i++) {
      if (before(memory).get(JAVA_BYTE, i) != CANARY || after(memory).get(JAVA_BYTE, i) != CANARY) {
        throw new AssertionError("written outside of its memory");
      }
    }
  }

  private static MemorySegment before(MemorySegment memory) {
    return MemorySegment.ofAddress(memory.address() - CANARY_BYTES).reinterpret(CANARY_BYTES);
  }

  private static MemorySegment after(MemorySegment memory) {
    return MemorySegment.ofAddress(memory.address() + memory.byteSize()).reinterpret(CANARY_BYTES);
  }
}
