package io.zublk.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.codec.LineVectors;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A command whose answer nobody gets has failed; a device that nobody was told of is gone. */
class OutputTest extends WithRunDirectory {

  private static final List<String> TO_A_FULL_DISK =
      List.of("sh", "-c", "exec \"$0\" \"$@\" > /dev/full");

  /** As much as a pipe takes (pipe(7)): what follows waits for a reader. */
  private static final int PIPE_BYTES = 64 << 10;

  private static final List<String> BEHIND_A_FULL_PIPE =
      List.of("sh", "-c", "head -c " + PIPE_BYTES + " /dev/zero; exec \"$0\" \"$@\"");

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--help",
        "--version",
        "help create",
        "create --help",
        "create -s 1M --transport nbd",
        "create -s 1M --transport nbd --json",
        "create -s 1M --transport nbd --foreground",
        "list",
        "list --json",
        "doctor",
        "doctor --json",
        "bench engine -q --data w3 -s 1M --rounds 1 --seconds 0.01 --threads 1 --no-rivals"
      })
  void anAnswerThatCannotBeWrittenIsAFailure(String command) throws Exception {
    Zublk.Result result = zublk.await(zublk.start(TO_A_FULL_DISK, command.split(" ")));
    assertThat(result.status()).isOne();
    assertThat(result.err())
        .hasLineCount(1)
        .startsWith("zublk: cannot write to standard output: No space left on device");
  }

  @ParameterizedTest
  @ValueSource(strings = {"lz4", "line+lz4"})
  void aDeviceInTheForegroundSaysNothingButWhatItsJvmSaysOfVectors(String algorithm)
      throws Exception {
    Process foreground =
        zublk.start(
            List.of(), "create", "-s", "1M", "--transport", "nbd", "--foreground", "-a", algorithm);
    assertThat(foreground.inputReader().readLine()).startsWith("nbd+unix:");
    foreground.destroy();
    assertThat(foreground.waitFor()).isZero();
    assertThat(zublk.stderr(foreground)).isEqualTo(algorithm.equals("lz4") ? "" : ofVectors());
  }

  @Test
  void aBenchmarkThatCodesNoLinesSaysNothing() throws Exception {
    Path data = Files.write(temp.resolve("baseline-auto.img"), new byte[1 << 20]);
    assertThat(benchEngine(data, "lz4").err()).isEmpty();
    assertThat(benchEngine(data, "line+lz4").err()).isEqualTo(ofVectors());
  }

  private Zublk.Result benchEngine(Path data, String algorithm) throws Exception {
    String options = "-q -s 1M --rounds 1 --seconds 0.01 --threads 1 --no-rivals --data";
    List<String> command = new ArrayList<>(List.of("bench", "engine", "-a", algorithm));
    command.addAll(List.of(options.split(" ")));
    command.add(data.toString());
    return zublk.run(command.toArray(String[]::new)).ok();
  }

  /** From java.base, before {@code main}; nothing turns it off. */
  private static String ofVectors() {
    return LineVectors.jvmOptions().isEmpty()
        ? ""
        : "WARNING: Using incubator modules: jdk.incubator.vector\n";
  }

  @Test
  void statisticsThatCannotBeWrittenAreAFailure() throws Exception {
    zublk.create("-s", "1M");
    zublk.await(zublk.start(TO_A_FULL_DISK, "stat", "0")).refused("standard output");
    zublk.run("remove", "0").ok();
  }

  @Test
  void aDeviceWhoseReaderWentIsRemoved() throws Exception {
    Process create = createThatWaitsForItsReader();
    create.getInputStream().close();
    create.waitFor();
    assertThat(create.exitValue()).isOne();
  }

  @Test
  void aCreateThatIsToldToEndWhileItPrintsLeavesEverythingOrNothing() throws Exception {
    Process create = createThatWaitsForItsReader();
    create.toHandle().destroy(); // SIGTERM; Process.destroy() would also close its output
    byte[] out = create.getInputStream().readAllBytes();
    if (create.waitFor() == 0) {
      String path = new String(out, PIPE_BYTES, out.length - PIPE_BYTES, StandardCharsets.UTF_8);
      assertThat(path).startsWith("nbd+unix:").endsWith("\n");
      zublk.run("remove", path.strip()).ok();
    } else {
      assertThat(out).hasSize(PIPE_BYTES);
    }
  }

  private Process createThatWaitsForItsReader() throws Exception {
    Process create =
        zublk.start(BEHIND_A_FULL_PIPE, "create", "-s", "1M", "--transport", "nbd", "--max-perf");
    // It says this when the device serves, and then prints the path.
    while (!zublk.stderr(create).contains("no queues to poll")) {
      assertThat(create.isAlive()).isTrue();
      Thread.sleep(5);
    }
    return create;
  }
}
