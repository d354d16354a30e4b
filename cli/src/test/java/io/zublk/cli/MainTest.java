package io.zublk.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
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
        "create --size 1G --listen tcp:localhost:99999",
        "create --size 1G --mem-limit 4096",
        "list -o NAME,SHOESIZE",
        "list 0",
        "stat",
        "stat 0 1",
        "remove",
        "remove --force",
        "remove --all 0"
      })
  void refusesInOneLine(String command) {
    int status = run(command.split(" "));
    assertThat(status).isNotZero();
    assertThat(err.toString()).startsWith("zublk: ").hasLineCount(1).hasSizeLessThan(400);
    assertThat(out.toString()).isEmpty();
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
}
