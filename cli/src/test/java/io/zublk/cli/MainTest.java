package io.zublk.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** What can be refused without asking any device. */
class MainTest {

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(String... arguments) {
    CommandLine commandLine = Main.commandLine();
    commandLine.setOut(new PrintWriter(out, true));
    commandLine.setErr(new PrintWriter(err, true));
    return commandLine.execute(arguments);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "frobnicate",
        "create",
        "create --size",
        "create --size 0",
        "create --size 4097",
        "create --size 1P",
        "create --size 1X",
        "create --size 8E",
        "create --size 1G --frob",
        "create --size 1G --transport nbd --polling",
        "create --size 1G --transport nbd --high-perf --threads-per-queue 2",
        "create --size 1G --high-perf --max-perf",
        "create --size 1G --polling --no-polling",
        "create --size 1G --poll-spin-cycles 100",
        "create --size 1G --polling --poll-spin-cycles 0",
        "create --size 1G --max-perf --no-polling --poll-adaptive",
        "create --size 1G --batch-pages 63",
        "create --size 1G --batch-pages 257",
        "create --size 1G --batch-timeout-us 0",
        "create --size 1G --batch-pages 64 --workers 0",
        "create --size 1G --workers 65",
        "create --size 1G --workers -1",
        "create --size 1G --workers abc",
        "create --size 1G --staging 65M",
        "create --size 1G --staging 100T",
        "create --size 1G --threads-per-queue 129",
        "create --size 1G --cpu-affinity 1-",
        "create --size 1G --numa-node -1",
        "create --size 1G --recover",
        "create --size 1G extra",
        "create --size 1G --size 2G",
        "create --size 1G -a lzo",
        "create --size 1G --transport fish",
        "create --size 1G --id -1",
        "create --size 1G --id 1048576",
        "create --size 1G --id x",
        "create --size 1G --queues 0",
        "create --size 1G --transport nbd --queues 2",
        "create --size 1G --transport nbd --queue-depth 2",
        "create --size 1G --transport ublk --listen tcp:localhost:0",
        "create --size 1G --listen localhost",
        "create --size 1G --listen unix:/",
        "create --size 1G --max-clients 0",
        "create --size 1G --max-clients 1025",
        "create --size 1G --max-clients many",
        "create --size 1G --listen-mode rw",
        "create --size 1G --listen tcp:localhost:0 --listen-group disk",
        "create --size 1G --transport ublk --export-name x",
        "create --size 1G --listen tcp:localhost:99999",
        "create --size 1G --mem-limit 4096",
        "list -o NAME,SHOESIZE",
        "list -o FOO",
        "list 0",
        "list -o PID,+RSS",
        "find --size 0",
        "set 0",
        "set 0 colour=red",
        "set 0 mem-limit=-1",
        "set 0 batch-pages=64",
        "compact",
        "reset",
        "reset 0 1",
        "resize 0",
        "resize 0 many",
        "resize 0 -1",
        "resize 0 4097",
        "resize 0 2T",
        "find --frobnicate",
        "find 0",
        "remove 0 --wait",
        "remove 0 --wait soon",
        "remove 0 --wait -1s",
        "remove 0 --wait 61m",
        "stat",
        "stat 0 1",
        "remove",
        "remove --force",
        "remove --all 0",
        "help bench frobnicate",
        "bench",
        "bench engine --data w5",
        "bench engine --threads 0",
        "bench engine --workers -1",
        "bench engine --seconds 0",
        "bench engine --size 4097",
        "bench device --rounds 0",
        "bench device --runtime -1",
        "bench device --format pdf",
        "bench device -a lz4,lzo",
        "bench device --data /no/such/file",
        "bench device --create=--frobnicate",
        "bench device 0 --create=--workers=2",
        "tune --goal fame",
        "tune --only size",
        "bench engine --seconds NaN",
        "bench device --create=-a=lz4",
        "tune --seconds 0"
      })
  void refusesInOneLine(String command) {
    int status = run(command.split(" "));
    assertThat(status).isEqualTo(2);
    assertThat(err.toString()).startsWith("zublk: ").hasLineCount(1).hasSizeLessThan(400);
    assertThat(out.toString()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "creat, Unknown argument: 'creat'; did you mean create?",
    "help foo, Unknown argument: 'foo'",
    "remove, zublk: Missing required argument",
    "bench devise, did you mean device?",
    "help bench devise, did you mean device?",
    "create --size 1G --algoritm zstd, did you mean --algorithm?",
    "create --algoritm zstd, did you mean --algorithm?",
    "list --jsno, did you mean --json?",
    "create --size 1G -a zst, did you mean zstd?",
    "bench engine -a lz4;zsdt, did you mean zstd?",
    "create --size 1G --transport ndb, did you mean NBD?",
    "tune --goal memroy, did you mean MEMORY?",
    "list -o NAME;disksiz, did you mean DISKSIZE?",
    "create 1G, the size is an option: --size 1G",
  })
  void saysWhatWasProbablyMeant(String command, String suggestion) {
    assertThat(run(command.replace(';', ',').split(" "))).isEqualTo(2);
    assertThat(err.toString()).contains(suggestion).hasLineCount(1);
  }

  @Test
  void anEmptyArgumentIsRefusedLikeAnyOther() {
    assertThat(run("create", "")).isEqualTo(2);
    assertThat(run("create", "--size", "")).isEqualTo(2);
    assertThat(run("list", "-o", "")).isEqualTo(2);
    assertThat(run("tune", "--only", "")).isEqualTo(2);
    assertThat(run("bench", "engine", "-a", "", "--data", "")).isEqualTo(2);
    assertThat(err.toString()).hasLineCount(5).doesNotContain("Exception");
  }

  @Test
  void caseOfAWordDoesNotMatter() {
    // Refused for its size only.
    run("create", "--size", "0", "-a", "ZSTD(level=3)", "--transport", "NBD");
    assertThat(err.toString()).contains("size").doesNotContain("ZSTD", "NBD");
  }

  @Test
  void showsWhereAFailureComesFromOnlyWhenAsked() {
    run("create", "--size", "0", "--debug");
    assertThat(err.toString()).contains("\tat io.zublk.");
  }

  @Test
  void explainsItself() {
    assertThat(run("--help")).isZero();
    assertThat(out.toString()).contains("create", "list", "stat", "remove", "doctor");
    assertThat(run("create", "--help")).isZero();
    assertThat(out.toString()).contains("--mem-limit", "--[no-]polling", "--numa-node");
    assertThat(run("help", "create")).isZero();
    assertThat(run("--version")).isZero();
    assertThat(err.toString()).isEmpty();
  }

  @Test
  void helpOfACommandWithinACommandIsItsOwn() {
    run("help", "bench", "device");
    assertThat(out.toString()).contains("Usage: zublk bench device", "--iodepth");
  }

  @Test
  void helpNamesEveryColumnAndEveryStatistic() {
    run("list", "--help");
    for (Column column : Column.values()) {
      assertThat(out.toString()).contains("\n  " + column.heading() + " ");
    }
    run("stat", "--help");
    assertThat(out.toString()).contains("\n  overtaken_pages ", "\n  nbd_handed_over ");
  }

  @Test
  void everyHelpIsForPeopleAndSaysWhatTheStatusMeans() {
    for (String command : commands("", Main.commandLine())) {
      out.getBuffer().setLength(0);
      assertThat(run((command + " --help").strip().split(" "))).isZero();
      assertThat(out.toString()).contains("Run directory:", "$ZUBLK_RUN_DIR");
      assertThat(out.toString().lines())
          .as(command)
          .anyMatch(line -> line.matches(" +2 +the command line is wrong.*"))
          .allMatch(line -> line.length() <= 100)
          .noneMatch(line -> line.contains("(?"));
    }
  }

  @Test
  void aCommandAloneIsTheSameAsAmongAllOthers() {
    for (String command : Main.commandLine().getSubcommands().keySet()) {
      CommandLine alone = Main.commandLine(command, "--help");
      StringWriter aloneOut = new StringWriter();
      alone.setOut(new PrintWriter(aloneOut, true));
      assertThat(alone.execute(command, "--help")).isZero();
      out.getBuffer().setLength(0);
      assertThat(run(command, "--help")).isZero();
      assertThat(aloneOut).as(command).hasToString(out.toString());
    }
    assertThat(Main.commandLine("list").getSubcommands()).containsOnlyKeys("list");
    assertThat(Main.commandLine("help", "list").getSubcommands()).hasSizeGreaterThan(10);
  }

  private static List<String> commands(String prefix, CommandLine of) {
    List<String> commands = new ArrayList<>(List.of(prefix));
    of.getSubcommands()
        .forEach(
            (name, command) -> commands.addAll(commands((prefix + " " + name).strip(), command)));
    return commands;
  }
}
