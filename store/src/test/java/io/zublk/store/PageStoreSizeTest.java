package io.zublk.store;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class PageStoreSizeTest {

  /** As a device's process has it: more CPUs have more threads. */
  private static final long HEAP_BYTES =
      (8L << 20) + Runtime.getRuntime().availableProcessors() * (128L << 10);

  @Test
  void theLargestStoreWithTheMostChannelsFitsTheHeapOfADevice() throws Exception {
    Path directory = Files.createTempDirectory(TestPages.SHM, "zublk-size-test");
    Path file = directory.resolve("store");
    try {
      Process process =
          new ProcessBuilder(
                  ProcessHandle.current().info().command().orElseThrow(),
                  "-Xmx" + HEAP_BYTES,
                  "-XX:+UseSerialGC",
                  "-XX:+ExitOnOutOfMemoryError",
                  "--enable-native-access=ALL-UNNAMED",
                  "-cp",
                  System.getProperty("java.class.path"),
                  LargestStore.class.getName(),
                  file.toString())
              .redirectErrorStream(true)
              .start();
      String output = new String(process.getInputStream().readAllBytes(), US_ASCII);
      assertThat(output).isEqualToIgnoringNewLines("all channels used");
      assertThat(process.waitFor()).isZero();
    } finally {
      Files.deleteIfExists(file);
      Files.delete(directory);
    }
  }
}
