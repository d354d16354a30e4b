package io.zublk.codec;

import static io.zublk.codec.PageCodec.PAGE_BYTES;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.lifecycle.AfterProperty;

/** Sources and targets end where the process's memory ends, so touching more would kill it. */
class PageCodecPropertyTest {

  private static final byte GUARD = (byte) 0xA5;

  /** What a codec needs at most for a page; {@code ZSTD_compressBound(4096)} is 4175. */
  private static final int AMPLE = LineFormat.MAX_OBJECT_BYTES;

  private final GuardedMemory source = new GuardedMemory();
  private final GuardedMemory target = new GuardedMemory();

  @AfterProperty
  void close() {
    source.close();
    target.close();
  }

  @Provide
  Arbitrary<CodecSpec> specs() {
    return Arbitraries.of(
            "lz4", "line", "zstd(level=-20)", "zstd(level=-1)", "zstd", "zstd(level=22)")
        .map(CodecSpec::parse);
  }

  @Property(tries = 2000)
  void whatWasCompressedDecompressesToTheSamePage(
      @ForAll("specs") CodecSpec spec, @ForAll PageKind kind, @ForAll long seed) {
    byte[] page = kind.page(seed);
    try (PageCodec codec = spec.newCodec()) {
      byte[] packed = compress(codec, page, AMPLE);

      assertThat(decompress(codec, packed)).isTrue();
      assertThat(lastPageOfTarget()).isEqualTo(page);
    }
  }

  @Property(tries = 2000)
  void aPageFitsItsLimitOrIsRefused(
      @ForAll("specs") CodecSpec spec,
      @ForAll PageKind kind,
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = AMPLE) int limit) {
    byte[] page = kind.page(seed);
    try (PageCodec codec = spec.newCodec()) {
      int ample = compress(codec, page, AMPLE).length;
      byte[] packed = compress(codec, page, limit);

      if (packed.length == 0) {
        assertThat(limit).isLessThan(ample + slack(spec));
      } else {
        assertThat(packed.length).isBetween(1, limit);
        assertThat(decompress(codec, packed)).isTrue();
        assertThat(lastPageOfTarget()).isEqualTo(page);
      }
    }
  }

  /** How many more bytes than a page needs a codec may find too few. */
  private static int slack(CodecSpec spec) {
    return switch (spec.algorithm()) {
      case ZSTD -> 16; // libzstd's bit streams write whole words
      case LINE -> AMPLE; // gives up a page that begins badly
      default -> 0;
    };
  }

  @Property(tries = 1000)
  void cutInputIsRefused(
      @ForAll("specs") CodecSpec spec, @ForAll PageKind kind, @ForAll long seed) {
    try (PageCodec codec = spec.newCodec()) {
      byte[] packed = compress(codec, kind.page(seed), AMPLE);
      int cut = new Random(seed).nextInt(packed.length);

      assertThat(decompress(codec, Arrays.copyOf(packed, cut))).isFalse();
    }
  }

  @Property(tries = 5000)
  void damagedInputWritesOnlyTheTargetPage(
      @ForAll("specs") CodecSpec spec,
      @ForAll PageKind kind,
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 8) int damages) {
    try (PageCodec codec = spec.newCodec()) {
      byte[] packed = compress(codec, kind.page(seed), AMPLE);
      Random random = new Random(seed);
      for (int i = 0; i < damages; i++) {
        packed[random.nextInt(packed.length)] ^= (byte) (1 << random.nextInt(8));
      }

      decompress(codec, packed);
      assertNothingBeforeTheTargetChanged();
    }
  }

  @Property(tries = 5000)
  void garbageWritesOnlyTheTargetPage(
      @ForAll("specs") CodecSpec spec, @ForAll @Size(max = 4096) byte[] garbage) {
    try (PageCodec codec = spec.newCodec()) {
      decompress(codec, garbage);
      assertNothingBeforeTheTargetChanged();
    }
  }

  /** Compresses from the end of the source to the end of the target; empty if refused. */
  private byte[] compress(PageCodec codec, byte[] page, int limit) {
    target.segment().fill(GUARD);
    long from = source.putLast(page);
    long to = GuardedMemory.BYTES - limit;
    int length = codec.compress(source.segment(), from, target.segment(), to, limit);
    assertOnlyGuards(target.segment().asSlice(0, to));
    return target.segment().asSlice(to, length).toArray(JAVA_BYTE);
  }

  private boolean decompress(PageCodec codec, byte[] packed) {
    target.segment().fill(GUARD);
    long from = source.putLast(packed);
    long to = GuardedMemory.BYTES - PAGE_BYTES;
    return codec.decompress(source.segment(), from, packed.length, target.segment(), to);
  }

  private byte[] lastPageOfTarget() {
    return target.segment().asSlice(GuardedMemory.BYTES - PAGE_BYTES).toArray(JAVA_BYTE);
  }

  private void assertNothingBeforeTheTargetChanged() {
    assertOnlyGuards(target.segment().asSlice(0, GuardedMemory.BYTES - PAGE_BYTES));
  }

  private static void assertOnlyGuards(MemorySegment memory) {
    assertThat(PageFill.isFilled(memory, memory.byteSize() - PAGE_BYTES)).isTrue();
    assertThat(memory.get(JAVA_BYTE, memory.byteSize() - 1)).isEqualTo(GUARD);
  }
}
