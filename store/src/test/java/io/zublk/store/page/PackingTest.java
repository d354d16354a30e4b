package io.zublk.store.page;

import static io.zublk.block.Geometry.PAGE_BYTES;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.codec.PackingSpec;
import io.zublk.codec.PageCodec;
import io.zublk.store.TestPages;
import io.zublk.store.table.PageEntry;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PackingTest {

  // Of a seed's page, by its last two bits.
  private static final int SHRINKS_A_LOT = 5;
  private static final int SHRINKS_A_LITTLE = 6;
  private static final int DOES_NOT_SHRINK = 7;

  private final MemorySegment page = Arena.ofAuto().allocate(PAGE_BYTES, PAGE_BYTES);
  private final MemorySegment packed = Arena.ofAuto().allocate(PAGE_BYTES, PAGE_BYTES);
  private final MemorySegment back = Arena.ofAuto().allocate(PAGE_BYTES, PAGE_BYTES);

  @ParameterizedTest
  @CsvSource({
    "line,      14, 14, 7",
    "line+lz4,  14,  9, 7",
    "line+zstd, 14, 10, 7",
    "lz4,        9,  9, 7",
    "zstd,      10, 10, 7",
    "none,       7,  7, 7",
  })
  void eachPageIsOfTheKindThatSuitsIt(String spec, int aLot, int aLittle, int notAtAll) {
    try (Codecs codecs = new Codecs(PackingSpec.parse(spec))) {
      // Twice, and back: what came before does not matter.
      for (int i = 0; i < 2; i++) {
        assertThat(kind(codecs, SHRINKS_A_LOT)).isEqualTo(aLot);
        assertThat(kind(codecs, DOES_NOT_SHRINK)).isEqualTo(notAtAll);
        assertThat(kind(codecs, SHRINKS_A_LITTLE)).isEqualTo(aLittle);
      }
    }
  }

  /** The kind of what becomes of a page, which is what it was when it is read again. */
  private int kind(Codecs codecs, int seed) {
    TestPages.write(page, 0, seed);
    return kindOfPage(codecs);
  }

  private int kindOfPage(Codecs codecs) {
    int most = ObjectWriter.MAX_COMPRESSED_BYTES;
    Packing packing = codecs.packing();
    int length = packing.pack(page, 0, packed, 0, most);
    assertThat(length).isBetween(0, most);
    int kind = packing.kind();
    assertThat(kind == PageEntry.RAW).isEqualTo(length == 0);
    if (kind != PageEntry.RAW) {
      assertThat(codecs.decompress(kind, packed, 0, length, back, 0)).isTrue();
      assertThat(back.mismatch(page)).isEqualTo(-1);
    }
    return kind;
  }

  @ParameterizedTest
  @CsvSource({"1000, 14, 1000", "1001, 9, 3000", "3001, 7, 0"})
  void linesAreTakenUpToTheirLimitAndThenTheRestUpToThatOfAll(int bytes, int kind, int length) {
    PageCodec line = new OfLength(bytes);
    PageCodec rest = new OfLength(Math.max(3000, bytes));
    Packing packing = Packing.lineFirst(line, 1000, () -> false, rest, PageEntry.LZ4);
    assertThat(packing.pack(page, 0, packed, 0, 3000)).isEqualTo(length);
    assertThat(packing.kind()).isEqualTo(kind);
  }

  @Test
  void theRestHasAllPagesUntilLinesAreFast() {
    boolean[] toCome = {true};
    Packing packing =
        Packing.lineFirst(new OfLength(9), 1000, () -> toCome[0], new OfLength(5), PageEntry.LZ4);
    assertThat(packing.pack(page, 0, packed, 0, 3000)).isEqualTo(5);
    assertThat(packing.kind()).isEqualTo(PageEntry.LZ4);
    toCome[0] = false;
    assertThat(packing.pack(page, 0, packed, 0, 3000)).isEqualTo(9);
    assertThat(packing.kind()).isEqualTo(PageEntry.LINE);
  }

  @ParameterizedTest
  @CsvSource({"500, 14", "501, 9"})
  void noneTakesMoreThanIsAllowed(int bytes, int kind) {
    Packing packing =
        Packing.lineFirst(new OfLength(bytes), 1000, () -> false, new OfLength(500), PageEntry.LZ4);
    assertThat(packing.pack(page, 0, packed, 0, 500)).isEqualTo(500);
    assertThat(packing.kind()).isEqualTo(kind);
  }

  @ParameterizedTest
  @CsvSource({
    "544, 272,  9, 272",
    "544, 273, 14, 544",
    "545,  10, 14, 545",
    "128,  64,  9,  64",
  })
  void fewLinesGiveWayToWhatIsHalfAsLong(int lines, int rest, int kind, int length) {
    Packing packing =
        Packing.lineFirst(
            new OfLength(lines), 1000, () -> false, new OfLength(rest), PageEntry.LZ4);
    assertThat(packing.pack(page, 0, packed, 0, 3000)).isEqualTo(length);
    assertThat(packing.kind()).isEqualTo(kind);
  }

  @ParameterizedTest
  @CsvSource({"line, 14", "line+lz4, 9", "line+zstd, 10"})
  void aRepeatedSentenceIsNotForLines(String spec, int kind) {
    byte[] sentence = "Gallia est omnis divisa in partes tres...".getBytes(US_ASCII);
    try (Codecs codecs = new Codecs(PackingSpec.parse(spec))) {
      for (int i = 0; i < PAGE_BYTES; i++) {
        page.set(JAVA_BYTE, i, sentence[i % sentence.length]);
      }
      assertThat(kindOfPage(codecs)).isEqualTo(kind);
    }
  }

  /** Compresses any page to so many bytes. */
  private record OfLength(int bytes) implements PageCodec {

    @Override
    public int compress(MemorySegment source, long from, MemorySegment target, long to, int limit) {
      return bytes <= limit ? bytes : 0;
    }

    @Override
    public boolean decompress(
        MemorySegment source, long from, int length, MemorySegment target, long to) {
      return false;
    }

    @Override
    public void close() {}
  }
}
