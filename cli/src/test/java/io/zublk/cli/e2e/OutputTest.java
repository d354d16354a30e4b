package io.zublk.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A command whose answer nobody gets has failed; a device that nobody was told of is gone. */
class OutputTest {

  private static final List<String> TO_A_FULL_DISK =
      List.of("sh", "-c", "exec \"$0\" \"$@\" > /dev/full");

  /** As much as a pipe takes (pipe(7)): what follows waits for a reader. */
  private static final int PIPE_BYTES = 64 << 10;

  private static final List<String> BEHIND_A_FULL_PIPE =
      List.of("sh", "-c", "head -c " + PIPE_BYTES + " /dev/zero; exec \"$0\" \"$@\"");

  @TempDir private java.nio.file.Path temp;
  private Zublk zublk;

  @BeforeEach
  void start() {
    zublk = new Zublk(temp);
  }

  @AfterEach
  void nothingIsLeft() throws Exception {
    zublk.assertNothingLeft();
  }

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
