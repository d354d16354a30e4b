package io.zublk.codec;

import static io.zublk.codec.PageCodec.PAGE_BYTES;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PageCodecTest {

  private final Arena arena = Arena.ofAuto();
  private final MemorySegment page = arena.allocate(PAGE_BYTES);
  private final MemorySegment packed = arena.allocate(2 * PAGE_BYTES);
  private final MemorySegment target = arena.allocate(PAGE_BYTES);

  PageCodecTest() {
    page.copyFrom(MemorySegment.ofArray(PageKind.TEXT.page(1)));
  }

  @Test
  void everyZstdLevelReadsWhatEveryOtherWrote() {
    try (PageCodec reader = CodecSpec.parse("zstd").newCodec()) {
      for (int level = CodecSpec.MIN_ZSTD_LEVEL; level <= CodecSpec.MAX_ZSTD_LEVEL; level++) {
        if (level == 0) {
          continue;
        }
        try (PageCodec writer = new CodecSpec(Algorithm.ZSTD, level).newCodec()) {
          int length = writer.compress(page, 0, packed, 0, PAGE_BYTES);
          assertThat(reader.decompress(packed, 0, length, target, 0)).isTrue();
          assertThat(target.mismatch(page)).isEqualTo(-1);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"lz4", "line", "zstd"})
  void aClosedCodecRefusesToWorkAndClosesAgain(String spec) {
    PageCodec codec = CodecSpec.parse(spec).newCodec();
    codec.close();
    codec.close();

    assertThatThrownBy(() -> codec.compress(page, 0, packed, 0, PAGE_BYTES))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> codec.decompress(packed, 0, 10, target, 0))
        .isInstanceOf(IllegalStateException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"lz4", "line", "zstd"})
  void rangesOutsideTheirSegmentsAreRefused(String spec) {
    try (PageCodec codec = CodecSpec.parse(spec).newCodec()) {
      assertOutOfBounds(() -> codec.compress(page, 1, packed, 0, PAGE_BYTES));
      assertOutOfBounds(() -> codec.compress(page, -1, packed, 0, PAGE_BYTES));
      assertOutOfBounds(() -> codec.compress(page, 0, packed, PAGE_BYTES + 1, PAGE_BYTES));
      assertOutOfBounds(() -> codec.compress(page, 0, packed, 0, -1));
      assertOutOfBounds(() -> codec.decompress(packed, 2 * PAGE_BYTES - 9, 10, target, 0));
      assertOutOfBounds(() -> codec.decompress(packed, 0, -1, target, 0));
      assertOutOfBounds(() -> codec.decompress(packed, 0, 10, target, 1));
    }
  }

  private static void assertOutOfBounds(Runnable call) {
    assertThatThrownBy(call::run).isInstanceOf(IndexOutOfBoundsException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"lz4", "line", "zstd"})
  void heapMemoryIsRefused(String spec) {
    MemorySegment heap = MemorySegment.ofArray(new byte[PAGE_BYTES]);
    try (PageCodec codec = CodecSpec.parse(spec).newCodec()) {
      assertThatThrownBy(() -> codec.compress(heap, 0, packed, 0, PAGE_BYTES))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> codec.decompress(packed, 0, 10, heap, 0))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"lz4", "line", "zstd", "none"})
  void nothingFitsInNoSpaceAndNothingIsNoPage(String spec) {
    try (PageCodec codec = CodecSpec.parse(spec).newCodec()) {
      assertThat(codec.compress(page, 0, packed, 0, 0)).isZero();
      assertThat(codec.decompress(packed, 0, 0, target, 0)).isFalse();
    }
  }

  @Test
  void noneCompressesNoPage() {
    packed.fill((byte) 7);
    try (PageCodec codec = CodecSpec.parse("none").newCodec()) {
      assertThat(codec.compress(page, 0, packed, 0, 2 * PAGE_BYTES)).isZero();
      assertThat(codec.decompress(page, 0, PAGE_BYTES, target, 0)).isFalse();
    }
    assertThat(packed.get(JAVA_BYTE, 0)).isEqualTo((byte) 7);
  }

  @ParameterizedTest
  @ValueSource(strings = {"lz4", "zstd"})
  void aPageThatDecompressesToLessThanAPageIsRefused(String spec) {
    // An LZ4 block and a zstd frame (windowed, one raw block) of the one byte 'a'.
    byte[] block = spec.equals("lz4") ? new byte[] {0x10, 'a'} : new byte[] {0, 0x10, 9, 0, 0, 'a'};
    MemorySegment.copy(block, 0, packed, JAVA_BYTE, 0, block.length);
    try (PageCodec codec = CodecSpec.parse(spec).newCodec()) {
      assertThat(codec.decompress(packed, 0, block.length, target, 0)).isFalse();
      assertThat(target.get(JAVA_BYTE, 0)).isEqualTo((byte) 'a');
    }
  }
}
