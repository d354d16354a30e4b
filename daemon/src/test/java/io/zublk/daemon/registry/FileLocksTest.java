package io.zublk.daemon.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileLocksTest {

  private static final Duration AT_ONCE = Duration.ofMillis(1);

  @TempDir private Path temp;

  /** Holds a lock, if nobody else does, until it is killed. */
  static final class Holder {
    public static void main(String[] arguments) throws Exception {
      FileLocks.Held held = FileLocks.acquire(Path.of(arguments[0]), AT_ONCE);
      System.out.println(held == null ? "refused" : "held");
      Thread.sleep(Duration.ofMinutes(5));
    }
  }

  @Test
  void isHeldUntilItsProcessIsKilled() throws Exception {
    Path file = temp.resolve("lock");
    Process holder = holder(file);
    try {
      assertThat(holder.inputReader().readLine()).isEqualTo("held");
      assertThat(FileLocks.isHeld(file)).isTrue();
      assertThat(FileLocks.acquire(file, AT_ONCE)).isNull();
    } finally {
      holder.destroyForcibly().waitFor();
    }
    assertThat(FileLocks.isHeld(file)).isFalse();
    try (FileLocks.Held held = FileLocks.acquire(file, AT_ONCE)) {
      assertThat(held).isNotNull();
    }
  }

  private static Process holder(Path file) throws IOException {
    return process(Holder.class, file);
  }

  private static Process process(Class<?> program, Path file) throws IOException {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String classPath = System.getProperty("java.class.path");
    return new ProcessBuilder(java, "-cp", classPath, program.getName(), file.toString())
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }

  @Test
  void askingDoesNotGiveUpALockOfOurOwn() throws Exception {
    Path file = temp.resolve("lock");
    try (FileLocks.Held _ = FileLocks.acquire(file, AT_ONCE)) {
      assertThat(FileLocks.isHeld(file)).isTrue();
      Process other = holder(file);
      try {
        assertThat(other.inputReader().readLine()).isEqualTo("refused");
      } finally {
        other.destroyForcibly().waitFor();
      }
    }
    assertThat(FileLocks.isHeld(file)).isFalse();
  }

  @Test
  void nobodyHoldsAFileThatIsNotThere() throws IOException {
    assertThat(FileLocks.isHeld(temp.resolve("nothing"))).isFalse();
  }

  /** Takes a lock many times, and each time deletes its file: as the last user of one does. */
  static final class Contender {
    private static final int TURNS = 100;

    public static void main(String[] arguments) throws Exception {
      Path file = Path.of(arguments[0]);
      Path inside = file.resolveSibling("inside");
      System.in.read(); // until all are there
      for (int i = 0; i < TURNS; i++) {
        try (FileLocks.Held held = FileLocks.acquire(file, Duration.ofMinutes(2))) {
          Files.createFile(inside); // fails if another is inside, too
          Thread.onSpinWait();
          Files.delete(inside);
          Files.delete(file);
          if (held.isInPlace()) {
            throw new AssertionError("it was deleted");
          }
        }
      }
      System.out.println("done");
    }
  }

  @Test
  void excludesOtherProcessesAlsoWhenTheFileIsDeletedByItsHolder() throws Exception {
    Path file = temp.resolve("lock");
    List<Process> contenders = new ArrayList<>();
    try {
      for (int i = 0; i < 3; i++) {
        contenders.add(process(Contender.class, file));
      }
      for (Process contender : contenders) {
        contender.getOutputStream().write('\n');
        contender.getOutputStream().flush();
      }
      for (Process contender : contenders) {
        assertThat(contender.inputReader().readLine()).isEqualTo("done");
        assertThat(contender.waitFor()).isZero();
      }
    } finally {
      contenders.forEach(Process::destroyForcibly);
    }
    assertThat(temp).isEmptyDirectory();
  }

  @Test
  void excludesOtherThreadsOfItsProcess() throws Exception {
    Path file = temp.resolve("lock");
    try (FileLocks.Held _ = FileLocks.acquire(file, AT_ONCE)) {
      assertThat(FileLocks.acquire(file, AT_ONCE)).isNull();
    }
  }

  @Test
  void knowsWhetherItsFileIsStillThere() throws Exception {
    Path file = temp.resolve("lock");
    try (FileLocks.Held held = FileLocks.acquire(file, AT_ONCE)) {
      assertThat(held.isInPlace()).isTrue();
      Files.delete(file);
      assertThat(held.isInPlace()).isFalse();
      Files.createFile(file);
      assertThat(held.isInPlace()).isFalse();
    }
  }

  @Test
  void opensNothingButFiles() throws Exception {
    Path elsewhere = temp.resolve("elsewhere");
    Path link = Files.createSymbolicLink(temp.resolve("link"), elsewhere);
    for (Path bad : List.of(link, temp)) {
      assertThatThrownBy(() -> FileLocks.acquire(bad, AT_ONCE)).isInstanceOf(IOException.class);
      assertThatThrownBy(() -> FileLocks.isHeld(bad)).isInstanceOf(IOException.class);
    }
    assertThat(elsewhere).doesNotExist();
  }
}
