package io.zublk.bench;

import java.util.function.Consumer;
import java.util.function.LongSupplier;

/** Tells somebody who waits what is going on, how much of it, and how long it will take. */
public final class Progress {

  private final Consumer<String> lines;
  private final LongSupplier nanoTime;

  private int steps;
  private int stepsBegun;
  private double expected;
  private double expectedOfDone;
  private double expectedOfCurrent;
  private long start;

  /** Progress by lines; they name no program. */
  public Progress(Consumer<String> lines) {
    this(lines, System::nanoTime);
  }

  Progress(Consumer<String> lines, LongSupplier nanoTime) {
    this.lines = lines;
    this.nanoTime = nanoTime;
  }

  /** Progress that nobody hears of. */
  public static Progress silent() {
    return new Progress(_ -> {});
  }

  /** Something that is no step. */
  void say(String what) {
    lines.accept(what);
  }

  /** Says how much there is to do, and which options make it less. */
  void begin(int allSteps, double seconds, String shorter) {
    steps = allSteps;
    expected = seconds;
    start = nanoTime.getAsLong();
    lines.accept("this takes about %s; %s make it shorter".formatted(time(seconds), shorter));
  }

  /** A step begins, and the one before it has ended. */
  void step(String what, double seconds) {
    expectedOfDone += expectedOfCurrent;
    expectedOfCurrent = seconds;
    stepsBegun++;
    lines.accept("%d of %d, about %s left: %s".formatted(stepsBegun, steps, time(left()), what));
  }

  /** Steps that turned out not to be needed. */
  void skip(int unneeded, double seconds) {
    steps -= unneeded;
    expected -= seconds;
  }

  /** What was expected, corrected by how wrong that was so far. */
  private double left() {
    double elapsed = (nanoTime.getAsLong() - start) / 1e9;
    double pace = expectedOfDone > 0 ? elapsed / expectedOfDone : 1;
    return Math.max(0, expected - expectedOfDone) * pace;
  }

  private static String time(double seconds) {
    return seconds < 90 ? Math.round(seconds) + " s" : Math.round(seconds / 60) + " min";
  }
}
