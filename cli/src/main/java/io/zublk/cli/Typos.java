package io.zublk.cli;

import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.StreamSupport;

/** Guesses which word was meant by one that does not exist. */
final class Typos {

  private Typos() {}

  /** The word that is the fewest edits away, where that is at most a third of it; case is none. */
  static Optional<String> closest(String typed, Iterable<String> words) {
    return StreamSupport.stream(words.spliterator(), false)
        .filter(word -> 3 * edits(typed, word) <= Math.max(3, word.length()))
        .min(Comparator.comparingInt(word -> edits(typed, word)));
  }

  /** How many characters to insert, delete, replace or swap with the next (Damerau, restricted). */
  static int edits(String from, String to) {
    String a = from.toLowerCase(Locale.ROOT);
    String b = to.toLowerCase(Locale.ROOT);
    int[][] cost = new int[a.length() + 1][b.length() + 1];
    for (int i = 0; i <= a.length(); i++) {
      for (int j = 0; j <= b.length(); j++) {
        cost[i][j] = i == 0 || j == 0 ? i + j : cheapest(cost, a, i, b, j);
      }
    }
    return cost[a.length()][b.length()];
  }

  private static int cheapest(int[][] cost, String a, int i, String b, int j) {
    boolean same = a.charAt(i - 1) == b.charAt(j - 1);
    int least = cost[i - 1][j - 1] + (same ? 0 : 1);
    least = Math.min(least, Math.min(cost[i - 1][j], cost[i][j - 1]) + 1);
    boolean swapped =
        i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1);
    return swapped ? Math.min(least, cost[i - 2][j - 2] + 1) : least;
  }
}
