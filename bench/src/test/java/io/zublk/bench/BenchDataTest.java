package io.zublk.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchDataTest {

  private static final int MIB = 1 << 20;

  @TempDir private Path directory;

  private Report describe(int fileBytes, long size) throws IOException {
    Path file = directory.resolve("data");
    byte[] bytes = new byte[fileBytes];
    bytes[0] = 1;
    Files.write(file, bytes);
    Report report = new Report("test");
    try (BenchData data = BenchData.load(file.toString(), size)) {
      data.describe(report);
    }
    return report;
  }

  @Test
  void dataThatIsRepeatedManyTimesIsCalledWhatItIs() throws IOException {
    assertThat(describe(MIB, 8 * MIB).notes())
        .singleElement()
        .asString()
        .startsWith("the same 1024 KiB over and over");
  }

  @Test
  void dataThatNearlyFillsTheDeviceNeedsNoWarning() throws IOException {
    assertThat(describe(8 * MIB, 8 * MIB).notes()).isEmpty();
    assertThat(describe(3 * MIB, 8 * MIB).notes()).isEmpty();
  }
}
