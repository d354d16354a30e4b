package io.zublk.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.codec.CodecSpec;
import io.zublk.codec.PageCodec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

class DataSetTest {

  private static final int PAGES = 64;

  /** The specification's source stored 26, 4096, 42 and 67 bytes a round with its own LZ4. */
  @Test
  void mixedCompressesAsTheSpecificationSays() {
    try (Arena arena = Arena.ofConfined();
        PageCodec lz4 = CodecSpec.parse("lz4").newCodec()) {
      MemorySegment data = arena.allocate(PAGES * 4096L, 8);
      MemorySegment out = arena.allocate(4096);
      DataSet.MIXED.writeTo(data, PAGES * 4096L);
      for (int page = 0; page < PAGES; page += 4) {
        assertThat(lz4.compress(data, page * 4096L, out, 0, 4096)).isLessThanOrEqualTo(26);
        assertThat(lz4.compress(data, (page + 1) * 4096L, out, 0, 4096)).isZero();
        assertThat(lz4.compress(data, (page + 2) * 4096L, out, 0, 4096)).isLessThanOrEqualTo(42);
        assertThat(lz4.compress(data, (page + 3) * 4096L, out, 0, 4096)).isLessThanOrEqualTo(67);
      }
    }
  }
}
