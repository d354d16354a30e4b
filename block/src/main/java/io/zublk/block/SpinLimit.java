package io.zublk.block;

/** How often a polling thread looks in vain before it sleeps. Used by that thread alone. */
public final class SpinLimit {

  /** Looking so often takes about a microsecond, less than sleeping and being woken. */
  static final int SHORTEST = 64;

  /** After so many vain polls in a row the longest is tried again: the load may have changed. */
  static final int RETRY_EVERY = 64;

  private final Polling polling;
  private int looks;
  private int misses;

  /** Looks as often as it may, at first. */
  public SpinLimit(Polling polling) {
    this.polling = polling;
    this.looks = polling.spinCycles();
  }

  /** How often to look now. */
  public int looks() {
    return looks;
  }

  /** Tells that looking paid. */
  public void hit() {
    misses = 0;
    looks = (int) Math.min(polling.spinCycles(), 2L * looks);
  }

  /** Tells that it did not. */
  public void miss() {
    misses++;
    if (!polling.adaptive()) {
      return;
    }
    boolean retry = misses % RETRY_EVERY == 0;
    int shortest = Math.min(SHORTEST, polling.spinCycles());
    looks = retry ? polling.spinCycles() : Math.max(shortest, looks / 2);
  }
}
