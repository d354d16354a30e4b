package io.zublk.bench;

/**
 * Numbers for choosing where requests go: Marsaglia's xorshift64, reduced by a multiplication, so
 * that there is no division on the way of a request. For one thread.
 */
final class Xorshift {

  private static final long SEED = 0x9E37_79B9_7F4A_7C15L;

  private long state;

  /** Of several threads each has numbers of its own, by its {@code index} from 0 on. */
  Xorshift(int index) {
    state = SEED * (index + 1);
  }

  /** A number from 0 to below a bound. */
  long next(long bound) {
    state ^= state << 13;
    state ^= state >>> 7;
    state ^= state << 17;
    return Math.unsignedMultiplyHigh(state, bound);
  }
}
