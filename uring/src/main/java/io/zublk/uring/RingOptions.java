package io.zublk.uring;

/**
 * What a {@link Ring} is made for.
 *
 * @param entries submission entries, 1 to 32768; the kernel rounds up to a power of two
 * @param completions completion entries, at least {@code entries} and at most 65536; 0 for twice
 *     {@code entries}
 * @param wide whether submission entries have 128 bytes, so that a command can carry 80 (5.19)
 * @param oneThread whether the thread that opens the ring is the only one to use it; the kernel
 *     then completes requests inside that thread's calls, without interrupting it (6.1)
 */
public record RingOptions(int entries, int completions, boolean wide, boolean oneThread) {

  private static final int MAX_ENTRIES = 32768;

  public RingOptions {
    if (entries < 1 || entries > MAX_ENTRIES) {
      throw new IllegalArgumentException(entries + " ring entries are not in 1.." + MAX_ENTRIES);
    }
    if (completions != 0 && (completions < entries || completions > 2 * MAX_ENTRIES)) {
      throw new IllegalArgumentException(
          completions + " completion entries are not in " + entries + ".." + 2 * MAX_ENTRIES);
    }
  }

  /** A ring of ordinary entries for the calling thread alone. */
  public static RingOptions forThisThread(int entries) {
    return new RingOptions(entries, 0, false, true);
  }
}
