package io.zublk.codec;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import java.util.zip.CRC32C;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

class PageChecksumPropertyTest {

  private static final int MEMORY_BYTES = 8192;

  private final MemorySegment memory = Arena.ofAuto().allocate(MEMORY_BYTES);
  private final PageChecksum checksum = new PageChecksum(memory);

  @Property
  void withSeedZeroItIsCrc32c(
      @ForAll @Size(min = 1, max = 4096) byte[] bytes, @ForAll @IntRange(max = 4096) int offset) {
    MemorySegment.copy(bytes, 0, memory, JAVA_BYTE, offset, bytes.length);
    CRC32C crc = new CRC32C();
    crc.update(bytes);

    assertThat(checksum.of(offset, bytes.length, 0)).isEqualTo((int) crc.getValue());
  }

  @Property(tries = 50)
  void everyFlippedBitOfTheDataChangesIt(
      @ForAll PageKind kind, @ForAll long seed, @ForAll @IntRange(min = 1, max = 4096) int length) {
    MemorySegment.copy(kind.page(seed), 0, memory, JAVA_BYTE, 0, length);
    int before = checksum.of(0, length, seed);

    for (int bit = 0; bit < 8 * length; bit++) {
      flip(bit);
      assertThat(checksum.of(0, length, seed)).isNotEqualTo(before);
      flip(bit);
    }
  }

  @Property
  void everyFlippedBitOfTheSeedChangesIt(@ForAll long seed) {
    int before = checksum.of(0, 100, seed);

    for (int bit = 0; bit < Long.SIZE; bit++) {
      assertThat(checksum.of(0, 100, seed ^ (1L << bit))).isNotEqualTo(before);
    }
  }

  @Property
  void pagesBelow16TiBNeverShareAChecksumForTheSameBytes(
      @ForAll @IntRange(min = 0) int page, @ForAll @IntRange(min = 0) int other) {
    assertThat(checksum.of(0, 100, page) == checksum.of(0, 100, other)).isEqualTo(page == other);
  }

  @Property(tries = 200)
  void anotherLengthChangesIt(
      @ForAll PageKind kind, @ForAll long seed, @ForAll @IntRange(min = 1, max = 4095) int length) {
    MemorySegment.copy(kind.page(seed), 0, memory, JAVA_BYTE, 0, PageCodec.PAGE_BYTES);
    int before = checksum.of(0, length, seed);

    for (int bit = 0; bit < 12; bit++) {
      int other = length ^ (1 << bit);
      assertThat(checksum.of(0, other, seed)).isNotEqualTo(before);
    }
  }

  @Property
  void overwrittenRangesChangeIt(
      @ForAll PageKind kind, @ForAll long seed, @ForAll @Size(min = 1, max = 512) byte[] damage) {
    byte[] page = kind.page(seed);
    MemorySegment.copy(page, 0, memory, JAVA_BYTE, 0, page.length);
    int before = checksum.of(0, page.length, seed);
    int at = new Random(seed).nextInt(page.length - damage.length);
    MemorySegment.copy(damage, 0, memory, JAVA_BYTE, at, damage.length);

    boolean damaged = memory.mismatch(MemorySegment.ofArray(page)) < page.length;
    assertThat(checksum.of(0, page.length, seed) != before).isEqualTo(damaged);
  }

  private void flip(int bit) {
    byte old = memory.get(JAVA_BYTE, bit >> 3);
    memory.set(JAVA_BYTE, bit >> 3, (byte) (old ^ (1 << (bit & 7))));
  }
}
