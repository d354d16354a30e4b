package io.zublk.cli;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** The manual page: what all commands say of themselves, in roff (man(7)). */
final class ManPage {

  private final StringBuilder page = new StringBuilder();

  static String of(CommandLine zublk) {
    ManPage page = new ManPage();
    page.header(zublk.getCommandSpec());
    zublk.getSubcommands().values().forEach(page::command);
    page.more("COLUMNS OF LIST", Column.help());
    page.more("STATISTICS", StatField.help());
    page.footer(zublk.getCommandSpec());
    return page.page.toString();
  }

  private void header(CommandSpec zublk) {
    line(".TH ZUBLK 1 \"\" zublk \"User Commands\"");
    section("NAME");
    line("zublk \\- " + escape(String.join(" ", zublk.usageMessage().description())));
    section("SYNOPSIS");
    line(".B zublk");
    line(".I COMMAND");
    line("[options]");
    section("COMMANDS");
  }

  private void command(CommandLine command) {
    CommandSpec spec = command.getCommandSpec();
    line(".SS " + escape(spec.qualifiedName()));
    line(".nf");
    Help help = command.getHelp();
    verbatim(new Help(spec, help.colorScheme()).synopsis(0));
    line(".fi");
    line(".PP");
    for (String paragraph : spec.usageMessage().description()) {
      line(escape(paragraph));
    }
    for (PositionalParamSpec parameter : spec.positionalParameters()) {
      entry("\\fI" + escape(parameter.paramLabel()) + "\\fR", parameter.description());
    }
    for (OptionSpec option : spec.options()) {
      // Those of every command stand at the end.
      if (!option.inherited() && !option.usageHelp() && !option.versionHelp()) {
        entry(names(option), option.description());
      }
    }
    command.getSubcommands().values().forEach(this::command);
  }

  private static String names(OptionSpec option) {
    List<String> names =
        Arrays.stream(option.names())
            .map(name -> option.negatable() ? name.replaceFirst("^--", "--[no-]") : name)
            .map(name -> "\\fB" + escape(name) + "\\fR")
            .toList();
    String value = option.arity().max() == 0 ? "" : " \\fI" + escape(option.paramLabel()) + "\\fR";
    return String.join(", ", names) + value;
  }

  private void footer(CommandSpec zublk) {
    section("OPTIONS OF EVERY COMMAND");
    zublk.options().forEach(option -> entry(names(option), option.description()));
    section("EXIT STATUS");
    zublk
        .usageMessage()
        .exitCodeList()
        .forEach((status, meaning) -> entry("\\fB" + status + "\\fR", meaning));
    section("ENVIRONMENT");
    entry(
        "\\fBZUBLK_RUN_DIR\\fR",
        "The run directory: commands see the devices of one. By default /run/zublk as root, else"
            + " $XDG_RUNTIME_DIR/zublk, else /tmp/zublk-UID.");
    entry(
        "\\fBZUBLK_JAVA_OPTIONS\\fR",
        "Options for the JVMs that do the work: those of devices, bench and tune.");
    entry("\\fBJAVA_HOME\\fR", "The JDK to run with, if it is new enough.");
    section("SEE ALSO");
    line("zramctl(8), nbdcopy(1), nbdinfo(1), fio(1)");
  }

  private void more(String title, String text) {
    section(title);
    line(".nf");
    verbatim(text);
    line(".fi");
  }

  private void section(String title) {
    line(".SH " + title.toUpperCase(Locale.ROOT));
  }

  private void entry(String term, String... description) {
    line(".TP");
    line(term);
    line(escape(String.join(" ", description)));
  }

  private void verbatim(String text) {
    Ansi.OFF.string(text).lines().forEach(line -> line(escape(line)));
  }

  /** Letters that roff would take for its own. */
  private static String escape(String text) {
    String escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("%n", " ");
    return escaped.startsWith(".") || escaped.startsWith("'") ? "\\&" + escaped : escaped;
  }

  private void line(String line) {
    page.append(line).append('\n');
  }
}
