package io.zublk.cli;

import io.zublk.daemon.Doctor;
import io.zublk.daemon.Json;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code zublk doctor}. Exit status 1 if this machine cannot run a device at all. */
@Command(
    name = "doctor",
    description = "Explains what this machine has for zublk, and what to do about the rest.")
final class DoctorCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Option(names = "--json", description = "A JSON object.")
  private boolean json;

  @Override
  public Integer call() {
    List<Doctor.Finding> findings = new Doctor().examine();
    if (json) {
      List<Map<String, Object>> objects = findings.stream().map(DoctorCommand::object).toList();
      spec.commandLine().getOut().println(Json.line(Map.of("findings", objects)));
    } else {
      findings.forEach(this::print);
    }
    return findings.stream().anyMatch(f -> f.verdict() == Doctor.Verdict.FAIL) ? 1 : 0;
  }

  private static Map<String, Object> object(Doctor.Finding finding) {
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("verdict", word(finding));
    object.put("subject", finding.subject());
    object.put("what", finding.what());
    object.put("todo", finding.todo());
    return object;
  }

  private void print(Doctor.Finding finding) {
    String todo = finding.todo().isEmpty() ? "" : "  → " + finding.todo();
    spec.commandLine()
        .getOut()
        .printf("%-4s  %-10s  %s%s%n", word(finding), finding.subject(), finding.what(), todo);
  }

  private static String word(Doctor.Finding finding) {
    return finding.verdict().name().toLowerCase(Locale.ROOT);
  }
}
