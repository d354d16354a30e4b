package io.zublk.codec;

import static io.zublk.codec.PageCodec.PAGE_BYTES;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What runs for every request must not feed the garbage collector. */
class AllocationTest {

  private static final int OPERATIONS = 1_000_000;
  private static final int WARM_UP = 50_000;

  /** For the measurement itself; far below one object in a hundred operations. */
  private static final long TOLERATED_BYTES = 4096;

  private final MemorySegment page = Arena.ofAuto().allocate(PAGE_BYTES);
  private final MemorySegment packed = Arena.ofAuto().allocate(PAGE_BYTES);
  private final MemorySegment target = Arena.ofAuto().allocate(PAGE_BYTES);

  AllocationTest() {
    page.asSlice(0, 1024).copyFrom(MemorySegment.ofArray(PageKind.TEXT.page(1)).asSlice(0, 1024));
  }

  @ParameterizedTest
  @ValueSource(strings = {"lz4", "line", "zstd(level=1)", "none"})
  void aMillionPagesAllocateNothing(String spec) {
    try (PageCodec codec = CodecSpec.parse(spec).newCodec()) {
      assertAllocatesNothing(i -> {
        int length = codec.compress(page, 0, packed, 0, (i & 7) == 0 ? 16 : PAGE_BYTES);
        return codec.decompress(packed, 0, length, target, 0) ? 1 : 0;
      });
    }
  }

  @Test
  void aMillionPagesOfTrainedLineAllocateNothing() {
    LineVectors.announceTraining();
    assertThat(LineVectors.areComing()).isEqualTo(LineVectors.unusable().isEmpty());
    assertThat(LineVectors.train()).isEqualTo(LineVectors.unusable().isEmpty());
    assertThat(LineVectors.areComing()).isFalse();
    aMillionPagesAllocateNothing("line");
  }

  @Test
  void aMillionChecksumsAllocateNothing() {
    PageChecksum checksum = new PageChecksum(page);
    assertAllocatesNothing(i -> checksum.of(i & 7, 1500, i));
  }

  @Test
  void aMillionFillsAllocateNothing() {
    assertAllocatesNothing(i -> {
      PageFill.fill(target, 0, i);
      return PageFill.isFilled(target, 0) ? 1 : 0;
    });
  }

  private interface Operation {
    int run(int i);
  }

  private static void assertAllocatesNothing(Operation operation) {
    var _ = allocatedBy(operation, WARM_UP);
    long allocated = Long.MAX_VALUE;
    // Where CPUs are busy late compilation spoils rounds; an operation that allocates would spoil
    // every one.
    for (int round = 0; round < 50 && allocated >= TOLERATED_BYTES; round++) {
      allocated = allocatedBy(operation, OPERATIONS);
    }
    assertThat(allocated).isLessThan(TOLERATED_BYTES);
  }

  private static long allocatedBy(Operation operation, int times) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    int sum = 0;
    for (int i = 0; i < times; i++) {
      sum += operation.run(i);
    }
    long bytes = threads.getCurrentThreadAllocatedBytes() - before;
    assertThat(sum).isNotEqualTo(Integer.MIN_VALUE); // uses it, so that nothing is optimised away
    return bytes;
  }
}
