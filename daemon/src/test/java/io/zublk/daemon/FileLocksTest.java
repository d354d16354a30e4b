package io.zublk.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileLocksTest {

  private static final Duration AT_ONCE = Duration.ofMillis(1);

  @TempDir private Path temp;

  /** Holds a lock until it is killed. */
  static final class Holder {
    public static void main(String[] arguments) throws Exception {
      FileLocks.acquire(Path.of(arguments[0]), Duration.ofSeconds(10));
      System.out.println("held");
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
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String classPath = System.getProperty("java.class.path");
    return new ProcessBuilder(java, "-cp", classPath, Holder.class.getName(), file.toString())
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
        // It would say "held" at once, had asking dropped our lock.
        Thread.sleep(Duration.ofSeconds(1));
        assertThat(other.getInputStream().available()).isZero();
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

  @Test
  void excludesOthersAlsoWhenTheFileIsDeletedByItsHolder() throws Exception {
    Path file = temp.resolve("lock");
    AtomicInteger inside = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    AtomicInteger turns = new AtomicInteger();
    Runnable contender =
        () -> {
          for (int i = 0; i < 50; i++) {
            takeATurn(file, inside, most);
            turns.incrementAndGet();
          }
        };
    Thread[] threads = {
      Thread.ofPlatform().start(contender),
      Thread.ofPlatform().start(contender),
      Thread.ofPlatform().start(contender)
    };
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(most).hasValue(1);
    assertThat(turns).hasValue(150);
  }

  private static void takeATurn(Path file, AtomicInteger inside, AtomicInteger most) {
    try (FileLocks.Held _ = FileLocks.acquire(file, Duration.ofMinutes(1))) {
      most.accumulateAndGet(inside.incrementAndGet(), Math::max);
      inside.decrementAndGet();
      Files.delete(file);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
