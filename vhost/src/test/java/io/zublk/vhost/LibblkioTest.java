package io.zublk.vhost;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.block.Geometry;
import io.zublk.block.Polling;
import io.zublk.uring.sys.Memory;
import io.zublk.vhost.examples.RamDevice;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A driver that others wrote, against a device in memory and what it must contain. */
@Timeout(300)
class LibblkioTest {

  private static final int DISK_BYTES = 1 << 20;
  private static final int PAGE = 4096;
  private static final int OPERATIONS = 1000;

  @TempDir Path directory;

  @ParameterizedTest
  @CsvSource({"false, false", "false, true", "true, false", "true, true"})
  void whatLibblkioWritesItReads(boolean serverPolls, boolean clientPolls) throws Throwable {
    RamDevice device =
        new RamDevice(new Geometry(DISK_BYTES, PAGE), Memory.mapAnonymous(DISK_BYTES));
    VhostOptions options =
        VhostOptions.defaults()
            .withPolling(serverPolls ? new Polling(true, 1000, true) : Polling.OFF);
    try (VhostServer server =
        VhostServer.start(directory.resolve("sock"), device, options, (_, _) -> {})) {
      for (int client = 0; client < 2; client++) { // one after the other
        try (Libblkio blkio = new Libblkio(server.path())) {
          assertThat(blkio.capacity()).isEqualTo(DISK_BYTES);
          MemorySegment memory = blkio.start(clientPolls, DISK_BYTES);
          exercise(blkio, memory, new Random(client));
        }
      }
    }
  }

  private static void exercise(Libblkio blkio, MemorySegment memory, Random random)
      throws Throwable {
    byte[] expected = new byte[DISK_BYTES];
    assertThat(blkio.writeZeroes(0, DISK_BYTES)).isZero();
    for (int i = 0; i < OPERATIONS; i++) {
      int pages = 1 + random.nextInt(8);
      int at = random.nextInt(DISK_BYTES / PAGE - pages) * PAGE;
      int length = pages * PAGE;
      MemorySegment buffer = memory.asSlice((long) random.nextInt(64) * PAGE, length);
      switch (random.nextInt(5)) {
        case 0, 1 -> {
          byte[] bytes = new byte[length];
          random.nextBytes(bytes);
          buffer.copyFrom(MemorySegment.ofArray(bytes));
          assertThat(blkio.write(at, buffer)).isZero();
          System.arraycopy(bytes, 0, expected, at, length);
        }
        case 2, 3 -> {
          assertThat(blkio.read(at, buffer)).isZero();
          assertThat(buffer.toArray(JAVA_BYTE))
              .isEqualTo(Arrays.copyOfRange(expected, at, at + length));
        }
        default -> {
          int result =
              random.nextBoolean() ? blkio.discard(at, length) : blkio.writeZeroes(at, length);
          assertThat(result).isZero();
          Arrays.fill(expected, at, at + length, (byte) 0);
        }
      }
    }
    assertThat(blkio.flush()).isZero();
  }
}
