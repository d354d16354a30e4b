package io.zublk.ublk.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.BitSet;
import org.junit.jupiter.api.Test;

class TagRangeTest {

  @Test
  void threadsOfAQueueShareItsTagsWithoutOverlap() {
    for (int depth = 1; depth <= 40; depth++) {
      for (int threads = 1; threads <= depth; threads++) {
        BitSet seen = new BitSet();
        for (int index = 0; index < threads; index++) {
          TagRange tags = new TagRange(index, threads, depth);
          int count = 0;
          for (int tag = tags.first(); tag < tags.depth(); tag += tags.step()) {
            assertThat(seen.get(tag)).isFalse();
            seen.set(tag);
            count++;
          }
          assertThat(tags.count()).isEqualTo(count).isPositive();
        }
        assertThat(seen.cardinality()).isEqualTo(depth);
      }
    }
  }
}
