package io.zublk.codec;

import static io.zublk.codec.PageCodec.PAGE_BYTES;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

class PageCodecPropertyTest {

  private static final byte GUARD = (byte) 0xA5;
  private static final int MARGIN = 256;

  @Provide
  Arbitrary<CodecSpec> specs() {
    return Arbitraries.of("lz4", "zstd(level=-20)", "zstd(level=-1)", "zstd(level=1)", "zstd")
        .map(CodecSpec::parse);
  }

  @Property(tries = 2000)
  void whatWasCompressedDecompressesToTheSamePage(
      @ForAll("specs") CodecSpec spec,
      @ForAll PageKind kind,
      @ForAll long seed,
      @ForAll @IntRange(max = 63) int offset) {
    byte[] page = kind.page(seed);
    try (Arena arena = Arena.ofConfined();
        PageCodec codec = spec.newCodec()) {
      MemorySegment source = arena.allocate(PAGE_BYTES + 64);
      MemorySegment packed = arena.allocate(2 * PAGE_BYTES);
      MemorySegment target = arena.allocate(PAGE_BYTES + 2 * MARGIN).fill(GUARD);
      MemorySegment.copy(page, 0, source, JAVA_BYTE, offset, PAGE_BYTES);

      int length = codec.compress(source, offset, packed, offset, PAGE_BYTES + 64);

      assertThat(length).isPositive();
      assertThat(codec.decompress(packed, offset, length, target, MARGIN)).isTrue();
      assertThat(target.asSlice(MARGIN, PAGE_BYTES).toArray(JAVA_BYTE)).isEqualTo(page);
      assertThat(target.asSlice(0, MARGIN).toArray(JAVA_BYTE)).containsOnly(GUARD);
      assertThat(target.asSlice(MARGIN + PAGE_BYTES).toArray(JAVA_BYTE)).containsOnly(GUARD);
    }
  }
}
