package io.zublk.store;

import static io.zublk.store.TestPages.PAGE;
import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.block.BlockChannel;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;

/** A plain array of bytes beside the device, and random operations on both. */
final class ByteModel {

  private static final int MAX_LENGTH = 9 * PAGE;

  private final MemorySegment bytes;
  private final MemorySegment io = Arena.ofAuto().allocate(MAX_LENGTH + 8, 8);
  private final Random random;

  ByteModel(int size, long seed) {
    bytes = Arena.ofAuto().allocate(size, PAGE);
    random = new Random(seed);
  }

  void step(BlockChannel channel) {
    boolean aligned = random.nextInt(3) > 0;
    int unit = aligned ? PAGE : 1;
    int length = (1 + random.nextInt(MAX_LENGTH / unit)) * unit;
    // Few pages, so that operations meet: the first half megabyte.
    long position = (long) random.nextInt(((512 << 10) - length) / unit) * unit;
    switch (random.nextInt(8)) {
      case 0, 1, 2 -> write(channel, position, length);
      case 3 -> discard(channel, position, length);
      case 4 -> zero(channel, position, length);
      default -> compare(channel, position, length);
    }
  }

  private void write(BlockChannel channel, long position, int length) {
    for (int i = 0; i < length; i += PAGE) {
      TestPages.write(io.asSlice(0, MAX_LENGTH), Math.min(i, MAX_LENGTH - PAGE), seed());
    }
    assertThat(channel.write(position, io, 0, length)).isZero();
    MemorySegment.copy(io, 0, bytes, position, length);
  }

  /** Words of any size, small ones often: they make filled pages of different states. */
  private long seed() {
    return (random.nextLong() >>> random.nextInt(60)) | (1L << random.nextInt(5));
  }

  private void discard(BlockChannel channel, long position, int length) {
    assertThat(channel.discard(position, length)).isZero();
    long first = (position + PAGE - 1) / PAGE * PAGE;
    long last = (position + length) / PAGE * PAGE;
    if (first < last) {
      bytes.asSlice(first, last - first).fill((byte) 0);
    }
  }

  private void zero(BlockChannel channel, long position, int length) {
    assertThat(channel.writeZeroes(position, length, random.nextBoolean())).isZero();
    bytes.asSlice(position, length).fill((byte) 0);
  }

  private void compare(BlockChannel channel, long position, int length) {
    assertThat(channel.read(position, io, 0, length)).isZero();
    assertThat(MemorySegment.mismatch(io, 0, length, bytes, position, position + length))
        .isEqualTo(-1);
  }

  void compareAll(BlockChannel channel) {
    for (long at = 0; at < bytes.byteSize(); at += PAGE) {
      compare(channel, at, PAGE);
    }
  }
}
