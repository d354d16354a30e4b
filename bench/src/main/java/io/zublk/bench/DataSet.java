package io.zublk.bench;

import static io.zublk.block.Geometry.PAGE_BYTES;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/**
 * The synthetic data sets of the specification's benchmarks, page by page. They are facts of their
 * source, kept so that figures can be compared; real memory is the data to judge by.
 */
public enum DataSet {
  /** In turn: zeros, noise, a counter modulo 16, a sentence. The source of ratio 3.87. */
  MIXED {
    @Override
    void write(long page, byte[] bytes, Noise noise) {
      switch ((int) (page % 4)) {
        case 0 -> fill(bytes, _ -> 0);
        case 1 -> fill(bytes, _ -> noise.next());
        case 2 -> fill(bytes, i -> i % 16);
        default -> fill(bytes, i -> SENTENCE[i % SENTENCE.length]);
      }
    }
  },
  /** Zeros. */
  W1 {
    @Override
    void write(long page, byte[] bytes, Noise noise) {
      fill(bytes, _ -> 0);
    }
  },
  /** Printable characters in order. */
  W2 {
    @Override
    void write(long page, byte[] bytes, Noise noise) {
      fill(bytes, i -> 32 + i % 95);
    }
  },
  /** Half a counter, half noise. */
  W3 {
    @Override
    void write(long page, byte[] bytes, Noise noise) {
      fill(bytes, i -> i < bytes.length / 2 ? i % 256 : noise.next());
    }
  },
  /** Noise. */
  W4 {
    @Override
    void write(long page, byte[] bytes, Noise noise) {
      fill(bytes, _ -> noise.next());
    }
  };

  /** 41 bytes, as in the source; its words do not matter. */
  private static final byte[] SENTENCE =
      "Gallia est omnis divisa in partes tres...".getBytes(StandardCharsets.US_ASCII);

  abstract void write(long page, byte[] bytes, Noise noise);

  /** Writes the set's first {@code bytes} bytes, whole pages, to memory. */
  public void writeTo(MemorySegment target, long bytes) {
    Noise noise = new Noise(seed());
    byte[] page = new byte[PAGE_BYTES];
    for (long at = 0; at < bytes; at += PAGE_BYTES) {
      write(at / PAGE_BYTES, page, noise);
      MemorySegment.copy(page, 0, target, JAVA_BYTE, at, PAGE_BYTES);
    }
  }

  private long seed() {
    return switch (this) {
      case W3 -> 0xCAFE_BABEL;
      case W4 -> 0xDEAD_BEEFL;
      default -> 12345;
    };
  }

  private interface ByteAt {
    int value(int index);
  }

  private static void fill(byte[] bytes, ByteAt source) {
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) source.value(i);
    }
  }

  /** The specification's linear congruential generator. */
  static final class Noise {

    private long state;

    Noise(long seed) {
      state = seed;
    }

    int next() {
      state = state * 6364136223846793005L + 1;
      return (byte) (state >>> 33);
    }
  }
}
