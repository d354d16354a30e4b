package io.zublk.daemon;

import io.zublk.block.Polling;
import java.util.Locale;

/**
 * A set of defaults that goes together; a single setting beside it wins. The numbers are those of
 * the specification (PERF-001).
 */
public enum Preset {
  /** No CPU time but for requests. */
  DEFAULT(false, 10_000, true, 64, 100),

  /** Queue threads look for requests while looking pays. */
  HIGH_PERF(true, 50_000, true, 128, 50),

  /** Queue threads look for requests at the price of a busy CPU each; the largest batches. */
  MAX_PERF(true, 100_000, false, 256, 25);

  private final boolean polls;
  private final int spinCycles;
  private final boolean adaptive;
  private final int batchPages;
  private final int batchTimeoutMicros;

  Preset(boolean polls, int spinCycles, boolean adaptive, int batchPages, int batchTimeoutMicros) {
    this.polls = polls;
    this.spinCycles = spinCycles;
    this.adaptive = adaptive;
    this.batchPages = batchPages;
    this.batchTimeoutMicros = batchTimeoutMicros;
  }

  /** The name in {@code stat}, and as an option of the command line. */
  public String word() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  public Polling polling() {
    return new Polling(polls, spinCycles, adaptive);
  }

  public int batchPages() {
    return batchPages;
  }

  public int batchTimeoutMicros() {
    return batchTimeoutMicros;
  }
}
