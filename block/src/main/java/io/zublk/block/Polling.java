package io.zublk.block;

/**
 * How a thread of a transport waits for requests.
 *
 * @param enabled whether it looks again and again for some time before it sleeps
 * @param spinCycles how often it looks in vain before it sleeps, 1 to 10,000,000
 * @param adaptive whether it looks less often while looking does not pay, and more while it does
 */
public record Polling(boolean enabled, int spinCycles, boolean adaptive) {

  private static final int MAX_SPIN_CYCLES = 10_000_000;

  /** Sleeps at once. */
  public static final Polling OFF = new Polling(false, 10_000, true);

  public Polling {
    if (spinCycles < 1 || spinCycles > MAX_SPIN_CYCLES) {
      throw new IllegalArgumentException(
          "spin cycles: %d is not in 1..%d".formatted(spinCycles, MAX_SPIN_CYCLES));
    }
  }
}
