package io.zublk.store.table;

import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.store.file.StoreLayout;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;

class PageEntryTest {

  private static final Integer[] OBJECT_KINDS = {
    PageEntry.WORD, PageEntry.LZ4, PageEntry.ZSTD, PageEntry.LINE, PageEntry.PADDED
  };

  @Property
  void objectEntriesKeepKindLengthAndLocation(
      @ForAll @LongRange(max = 1L << 28) long page,
      @ForAll("objectKinds") int kind,
      @ForAll @IntRange(min = 1, max = 4092) int length,
      @ForAll @LongRange(max = (1L << 37) - 1) long unit) {
    long entry = PageEntry.ofObject(page, kind, length, unit * 16);
    assertThat(PageEntry.kind(entry)).isEqualTo(kind);
    assertThat(PageEntry.length(entry)).isEqualTo(length);
    assertThat(PageEntry.location(entry)).isEqualTo(unit * 16);
    assertThat(PageEntry.isLocked(entry)).isFalse();
    assertThat(PageEntry.isValid(page, entry)).isTrue();
    assertThat(PageEntry.isValid(page, entry | PageEntry.LOCK)).isTrue();
  }

  @Property
  void rawEntriesKeepChecksumAndLocation(
      @ForAll int checksum, @ForAll @LongRange(max = (1L << 29) - 1) long slot) {
    long entry = PageEntry.ofRaw(7, checksum, slot * 4096);
    assertThat(PageEntry.kind(entry)).isEqualTo(PageEntry.RAW);
    assertThat(PageEntry.location(entry)).isEqualTo(slot * 4096);
    assertThat(PageEntry.length(entry)).isEqualTo(4096);
    assertThat(PageEntry.isLocked(entry)).isFalse();
    assertThat(PageEntry.checksumMatches(entry, checksum)).isTrue();
    assertThat(PageEntry.checksumMatches(entry, checksum ^ 1)).isFalse();
    assertThat(PageEntry.isValid(7, entry)).isTrue();
  }

  @Property
  void fillsThatFitComeBack(@ForAll long any, @ForAll @IntRange(max = 2) int shape) {
    long word =
        switch (shape) {
          case 0 -> any >> 16;
          case 1 -> (any & 0xffff_ffffL) * 0x1_0000_0001L;
          default -> any;
        };
    if (!PageEntry.fitsInEntry(word)) {
      assertThat(shape).isEqualTo(2);
      return;
    }
    long entry = PageEntry.ofFill(3, word);
    assertThat(PageEntry.fillWord(entry)).isEqualTo(word);
    assertThat(PageEntry.isStored(entry)).isFalse();
    assertThat(PageEntry.isValid(3, entry)).isTrue();
  }

  @Provide
  Arbitrary<Integer> objectKinds() {
    return Arbitraries.of(OBJECT_KINDS);
  }

  /** One of every kind, with all that varies in it. */
  private static long[] everyKind(long page, long seed) {
    Random random = new Random(seed);
    long location = random.nextLong(StoreLayout.MAX_ARENA_BYTES) & -16;
    int length = 1 + random.nextInt(4092);
    int checksum = random.nextInt();
    return new long[] {
      PageEntry.ofFill(page, 0),
      PageEntry.ofFill(page, random.nextLong() >> 16),
      PageEntry.ofFill(page, random.nextInt() * 0x1_0000_0001L),
      PageEntry.ofObject(page, PageEntry.WORD, 8, location),
      PageEntry.ofObject(page, PageEntry.LZ4, length, location),
      PageEntry.ofObject(page, PageEntry.ZSTD, length, location),
      PageEntry.ofObject(page, PageEntry.LINE, length, location),
      PageEntry.ofObject(page, PageEntry.PADDED, Math.max(length, 12), location),
      PageEntry.ofRaw(page, checksum, location & -4096),
      PageEntry.ofRaw(page, 0, 0),
      PageEntry.ofStaged(page, checksum, random.nextInt(1 << 26) & -4096),
      PageEntry.ofStaged(page, 0, 0),
      PageEntry.ofLost(page),
    };
  }

  @Property
  void everyFlippedBitOfEveryKindIsFound(
      @ForAll @LongRange(max = 1L << 28) long page, @ForAll long seed) {
    for (long entry : everyKind(page, seed)) {
      assertThat(PageEntry.isValid(page, entry)).isTrue();
      for (int bit = 0; bit < Long.SIZE; bit++) {
        boolean isLock = 1L << bit == PageEntry.LOCK;
        assertThat(PageEntry.isValid(page, entry ^ (1L << bit))).isEqualTo(isLock);
      }
    }
  }

  /** But for zeros that become absent, which reads the same. */
  @Property
  void everyTwoFlippedBitsOfEveryKindAreFound(
      @ForAll @LongRange(max = 1L << 28) long page, @ForAll long seed) {
    long zeros = PageEntry.ofFill(page, 0);
    for (long entry : everyKind(page, seed)) {
      for (int a = 0; a < Long.SIZE; a++) {
        for (int b = 0; b < a; b++) {
          long damaged = entry ^ (1L << a) ^ (1L << b);
          boolean isLock = 1L << a == PageEntry.LOCK || 1L << b == PageEntry.LOCK;
          if (!isLock && PageEntry.isValid(page, damaged)) {
            assertThat(entry).isEqualTo(zeros);
            assertThat(damaged).isZero();
          }
        }
      }
    }
  }

  @Property
  void anAbsentPageBecomesNoOtherThanZerosByTwoFlippedBits(
      @ForAll @LongRange(max = 1L << 28) long page) {
    for (int a = 0; a < Long.SIZE; a++) {
      for (int b = 0; b < a; b++) {
        long damaged = (1L << a) | (1L << b);
        if (PageEntry.isValid(page, damaged)) {
          assertThat(damaged).isEqualTo(PageEntry.ofFill(page, 0));
        }
      }
    }
  }

  @Property
  void aFillOfAPageNearByIsNotThisPages(
      @ForAll @LongRange(max = 1L << 28) long page,
      @ForAll @IntRange(min = 1, max = 600) int distance,
      @ForAll long word) {
    long entry = PageEntry.ofFill(page, word >> 16);
    assertThat(PageEntry.isValid(page + distance, entry)).isFalse();
  }

  @Example
  void theLongPolynomialIsAMultipleOfTheShortOne() {
    int shorter = EntryCheck.SHORT_POLYNOMIAL;
    assertThat((shorter << 4) ^ (shorter << 1) ^ shorter).isEqualTo(EntryCheck.LONG_POLYNOMIAL);
  }

  @Property
  void nothingButZeroIsAbsent(@ForAll long bits) {
    long entry = bits & 0x0fff_ffff_ffff_ffffL;
    assertThat(PageEntry.isValid(0, entry)).isEqualTo((entry & ~PageEntry.LOCK) == 0);
  }

  /** No slot is so large, and whoever frees one must not look for its class. */
  @Example
  void anObjectThatWouldNotShrinkItsPageIsNoValidEntry() {
    for (int kind : OBJECT_KINDS) {
      assertThat(PageEntry.isValid(7, PageEntry.ofObject(7, kind, 4092, 0))).isTrue();
      assertThat(PageEntry.isValid(7, PageEntry.ofObject(7, kind, 4093, 0))).isFalse();
      assertThat(PageEntry.isValid(7, PageEntry.ofObject(7, kind, 4095, 0))).isFalse();
    }
  }
}
