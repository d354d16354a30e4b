package io.zublk.store;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;

class PageEntryTest {

  @Property
  void objectEntriesKeepKindLengthAndLocation(
      @ForAll @LongRange(max = 1L << 28) long page,
      @ForAll @IntRange(min = PageEntry.WORD, max = PageEntry.ZSTD) int kind,
      @ForAll @IntRange(min = 1, max = 4096) int length,
      @ForAll @LongRange(max = (1L << 37) - 1) long unit) {
    if (kind == PageEntry.RAW) {
      return;
    }
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
    assertThat(PageEntry.isSame(entry)).isTrue();
    assertThat(PageEntry.isStored(entry)).isFalse();
    assertThat(PageEntry.isValid(3, entry)).isTrue();
  }

  /** Of 54 single-bit changes and the wrong page, a check of ten bits may miss one in 1024. */
  @Property
  void damagedEntriesAreMostlyTold(@ForAll @LongRange(max = 1L << 28) long page) {
    long entry = PageEntry.ofObject(page, PageEntry.LZ4, 1234, 16 * 99);
    int missed = PageEntry.isValid(page + 1, entry) ? 1 : 0;
    for (int bit = 0; bit < Long.SIZE; bit++) {
      long damaged = entry ^ (1L << bit);
      if ((1L << bit) != PageEntry.LOCK && PageEntry.isValid(page, damaged)) {
        missed++;
      }
    }
    assertThat(missed).isLessThanOrEqualTo(2);
  }

  @Property
  void nothingButZeroIsAbsent(@ForAll long bits) {
    long entry = bits & 0x0fff_ffff_ffff_ffffL;
    assertThat(PageEntry.isValid(0, entry)).isEqualTo((entry & ~PageEntry.LOCK) == 0);
  }
}
