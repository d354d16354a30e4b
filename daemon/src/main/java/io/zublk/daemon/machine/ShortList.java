package io.zublk.daemon.machine;

import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Several things in a line that is for reading: the first few of them, and how many more. */
public final class ShortList {

  private static final int MOST_SHOWN = 4;

  private ShortList() {}

  /** As in {@code a, b, c, d, and 2 more}; only those that are shown are named. */
  public static <T> String of(List<T> all, Function<T, String> name) {
    String shown = all.stream().limit(MOST_SHOWN).map(name).collect(Collectors.joining(", "));
    int more = all.size() - MOST_SHOWN;
    return more > 0 ? shown + ", and " + more + " more" : shown;
  }
}
