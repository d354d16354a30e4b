package io.zublk.vmtest;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a guest's console said about its scenario, in the Test Anything Protocol.
 *
 * @param checks the checks in the order they were made
 * @param plan the number of checks that the scenario says it made, printed as its last act
 * @param console everything that was printed
 * @param status the exit status of the script that ran the guest, which judges too
 */
record Report(List<Check> checks, OptionalInt plan, List<String> console, int status) {

  /**
   * One check.
   *
   * @param diagnostics the comment lines that follow it, which say why it failed
   */
  record Check(String name, boolean passed, List<String> diagnostics) {}

  private static final Pattern CHECK = Pattern.compile("(not )?ok \\d+ - (.*?)( # [\\d.]+s)?");
  private static final Pattern PLAN = Pattern.compile("1\\.\\.(\\d+)");

  static Report parse(List<String> console, int status) {
    List<Check> checks = new ArrayList<>();
    OptionalInt plan = OptionalInt.empty();
    List<String> diagnostics = new ArrayList<>();
    for (String line : console) {
      Matcher check = CHECK.matcher(line);
      Matcher end = PLAN.matcher(line);
      if (check.matches()) {
        diagnostics = new ArrayList<>();
        checks.add(new Check(check.group(2), check.group(1) == null, diagnostics));
      } else if (end.matches()) {
        plan = OptionalInt.of(Integer.parseInt(end.group(1)));
      } else {
        diagnostics.add(line);
      }
    }
    return new Report(List.copyOf(checks), plan, List.copyOf(console), status);
  }

  /** A guest that panicked, hung or lost a line says less than it planned to, or nothing at all. */
  boolean complete() {
    boolean asPlanned = plan.isPresent() && plan.getAsInt() == checks.size() && !checks.isEmpty();
    // A failed check makes the status bad; if none did, something else went wrong.
    return asPlanned && (status == 0 || !checks.stream().allMatch(Check::passed));
  }
}
