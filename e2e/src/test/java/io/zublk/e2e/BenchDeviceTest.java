package io.zublk.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** {@code zublk bench device} with real fio over NBD, as small as it can be. */
class BenchDeviceTest extends WithRunDirectory {

  private static final String[] SMALL = {
    "bench",
    "device",
    "--quiet",
    "--no-rivals",
    "--format",
    "json",
    "--data",
    "w3",
    "--rounds",
    "1",
    "--runtime",
    "0.1",
    "--iodepth",
    "4",
    "--sequential-jobs",
    "2",
    "--random-jobs",
    "2"
  };

  @Test
  void aDeviceItMakesIsMeasuredAndRemoved() throws Exception {
    Map<String, Object> report =
        JSON.std.mapFrom(
            zublk.run(small("--size", "16M", "--create", "--transport nbd")).ok().line());
    List<?> rows = (List<?>) report.get("rows");
    assertThat(rows).hasSize(2 + 6 + 4 * 3 + 2);
    for (Object row : rows) {
      Map<?, ?> medians = (Map<?, ?>) ((Map<?, ?>) row).get("medians");
      assertThat(((Number) medians.get("zublk lz4")).doubleValue()).isPositive();
    }
  }

  @Test
  void aReportSaysWhereItIsAndHowItWasMade() throws Exception {
    Path file = temp.resolve("report");
    String[] both = loud("-o", file.toString(), "--create", "--transport nbd", "-a", "none,lz4");
    Zublk.Result result = zublk.run(both).ok();
    assertThat(result.err())
        .contains("this takes about ", "1 of 10, about ", "10 of 10, about ")
        .endsWith("zublk: the report is in " + file + "\n");
    Map<?, ?> facts = (Map<?, ?>) JSON.std.mapFrom(Files.readString(file)).get("facts");
    assertThat(facts.get("version")).asString().startsWith("zublk 0");
    assertThat(facts.get("command")).asString().startsWith("[zublk, bench, device, ");
    assertThat(facts.get("create_options"))
        .asString()
        .contains("zublk lz4=[--size, 16777216, -a, lz4, --transport, nbd]");
    for (String name : List.of("size_bytes", "rounds", "row_s", "cpus", "load_after")) {
      assertThat(facts.get(name)).as(name).isInstanceOf(Number.class);
    }
  }

  @Test
  void whatCannotBeWrittenIsRefusedBeforeItIsMeasured() throws Exception {
    String[] nowhere = small("--size", "16M", "-o", temp.resolve("no/report").toString());
    zublk.run(nowhere).refused("no directory " + temp.resolve("no"));
    zublk.run(small("--size", "16M", "-o", temp.toString())).refused("cannot be written");
  }

  @Test
  void anExistingDeviceMustBeEmptyOrOverwritten() throws Exception {
    Object id = zublk.create("--size", "16M", "--id", "3").get("id");
    String[] measure = small(id.toString());
    zublk.run(measure).ok();
    zublk.run(measure).refused("not empty", "--overwrite");
    zublk.run(small("7")).refused("no device '7'");
    assertThat(zublk.stat(id)).containsEntry("size", 16 << 20);
    zublk.run("remove", id.toString()).ok();
  }

  @Test
  void ofADeviceThatDiesUnderItItSaysWhatTheDeviceLeaves() throws Exception {
    Process bench = zublk.start(List.of(), loud("--create", "--transport nbd --on-crash keep"));
    while (!zublk.stderr(bench).contains("1 of ") && bench.isAlive()) {
      Thread.sleep(20);
    }
    Zublk.kill(zublk.processes().getFirst(), "KILL");
    Zublk.Result result = zublk.await(bench);
    assertThat(result.status()).isOne();
    assertThat(result.err())
        .contains("zublk lz4: is dead: process ", "zublk lz4: ", " serving nbd+unix:");
    assertThat(zublk.processes()).isEmpty();
  }

  @Test
  void whenItIsInterruptedItsDeviceGoes() throws Exception {
    Process bench = zublk.start(List.of(), small("--size", "64M", "--create", "--transport nbd"));
    while (zublk.processes().isEmpty() && bench.isAlive()) {
      Thread.sleep(20);
    }
    Thread.sleep(1000); // wherever it is then
    Zublk.kill(bench.pid(), "TERM"); // a shell's background jobs ignore Ctrl-C's INT
    assertThat(zublk.await(bench).status()).isNotZero();
  }

  @Test
  void withoutFioItSaysSo() throws Exception {
    Path java = Path.of(System.getProperty("java.home"), "bin");
    Path path = Zublk.pathOf(temp, "sh", "bash", "dirname", "readlink", "env", "sed");
    Process bench =
        zublk.start(List.of("env", "PATH=" + path + ":" + java), small("--size", "16M"));
    zublk.await(bench).refused("fio is missing");
  }

  /** It says on stderr how far it is. */
  private static String[] loud(String... more) {
    return Stream.of(small("--size", "16M"), more)
        .flatMap(Stream::of)
        .filter(word -> !word.equals("--quiet"))
        .toArray(String[]::new);
  }

  private static String[] small(String... more) {
    return Stream.concat(Stream.of(SMALL), Stream.of(more)).toArray(String[]::new);
  }
}
