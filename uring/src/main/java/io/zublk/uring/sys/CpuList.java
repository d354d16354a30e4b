package io.zublk.uring.sys;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sets of CPUs as people and {@code /sys} write them: {@code 1,2,4-7} (cpuset(7), List format). */
public final class CpuList {

  // CONFIG_NR_CPUS is at most 8192.
  private static final int MAX_CPU = 8191;
  private static final Pattern RANGE = Pattern.compile("(\\d{1,4})(?:-(\\d{1,4}))?");

  private CpuList() {}

  /**
   * Reads a list, which may be in any order. An empty one is no CPU at all.
   *
   * @throws IllegalArgumentException with one line, if it is no list
   */
  public static BitSet parse(String list) {
    BitSet cpus = new BitSet();
    if (list.isBlank()) {
      return cpus;
    }
    for (String range : list.strip().split(",", -1)) {
      Matcher matcher = RANGE.matcher(range.strip());
      if (!matcher.matches()) {
        throw notAList(list);
      }
      int first = Integer.parseInt(matcher.group(1));
      int last = matcher.group(2) == null ? first : Integer.parseInt(matcher.group(2));
      if (last < first || last > MAX_CPU) {
        throw notAList(list);
      }
      cpus.set(first, last + 1);
    }
    return cpus;
  }

  private static IllegalArgumentException notAList(String list) {
    return new IllegalArgumentException(
        "'%s' is not a list of CPUs in 0..%d such as 1,2,4-7".formatted(list, MAX_CPU));
  }

  /** The shortest list of a set. */
  public static String format(BitSet cpus) {
    List<String> ranges = new ArrayList<>();
    for (int first = cpus.nextSetBit(0); first >= 0; ) {
      int end = cpus.nextClearBit(first);
      ranges.add(end == first + 1 ? "" + first : first + "-" + (end - 1));
      first = cpus.nextSetBit(end);
    }
    return String.join(",", ranges);
  }
}
