package io.zublk.block;

/**
 * A run of bytes with one allocation status, packed into a long so that asking allocates nothing.
 * The two flags have the values of NBD's {@code base:allocation} context (NBD protocol document,
 * "Metadata contexts").
 */
public final class BlockStatus {

  /** The run occupies no memory. */
  public static final int HOLE = 1;

  /** The run reads as zeros. */
  public static final int ZERO = 2;

  private static final int FLAG_BITS = 2;

  private BlockStatus() {}

  /** Packs a run of {@code length} bytes, at most 2^60, and its {@link #HOLE} | {@link #ZERO}. */
  public static long of(long length, int flags) {
    assert length >= 0 && length <= 1L << 60 && (flags & ~(HOLE | ZERO)) == 0;
    return length << FLAG_BITS | flags;
  }

  /** The run's length in bytes. */
  public static long length(long status) {
    return status >>> FLAG_BITS;
  }

  /** The run's flags: 0 for data, otherwise {@link #HOLE} | {@link #ZERO}. */
  public static int flags(long status) {
    return (int) status & (HOLE | ZERO);
  }
}
