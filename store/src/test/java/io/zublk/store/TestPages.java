package io.zublk.store;

import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import io.zublk.codec.Algorithm;
import io.zublk.codec.PackingSpec;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * Pages that say what they are: the first word of a page is its seed, and the seed determines all
 * the others. Seeds take turns at being filled, compressible, half and wholly random.
 */
public final class TestPages {

  public static final int PAGE = 4096;
  public static final PackingSpec LZ4 = PackingSpec.of(Algorithm.LZ4);
  public static final PackingSpec ZSTD = PackingSpec.of(Algorithm.ZSTD);
  public static final PackingSpec LINE = PackingSpec.of(Algorithm.LINE);

  /** Where the tests put store files: real shared memory, as in service. */
  public static final Path SHM = Path.of("/dev/shm");

  private TestPages() {}

  /** Writes the page of a seed other than 0. */
  public static void write(MemorySegment target, long offset, long seed) {
    target.set(JAVA_LONG_UNALIGNED, offset, seed);
    long random = seed;
    for (int i = 1; i < PAGE / 8; i++) {
      random = random * 6364136223846793005L + 1442695040888963407L;
      target.set(JAVA_LONG_UNALIGNED, offset + i * 8L, word(seed, i, random));
    }
  }

  private static long word(long seed, int i, long random) {
    return switch ((int) (seed & 3)) {
      case 0 -> seed;
      case 1 -> seed * (i % 37);
      case 2 -> i % 2 == 0 ? random : 0x7f00_0000_0000L + (random >>> 50);
      default -> random ^ (random >>> 29);
    };
  }

  /** The seed of the page at {@code offset}, 0 of zeros, or -1 if it is no page of any seed. */
  public static long seedOf(MemorySegment memory, long offset, MemorySegment scratch) {
    long seed = memory.get(JAVA_LONG_UNALIGNED, offset);
    if (seed == 0) {
      scratch.asSlice(0, PAGE).fill((byte) 0);
    } else {
      write(scratch, 0, seed);
    }
    long mismatch = MemorySegment.mismatch(memory, offset, offset + PAGE, scratch, 0, PAGE);
    return mismatch < 0 ? seed : -1;
  }
}
