package io.zublk.daemon.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zublk.daemon.UserException;
import io.zublk.daemon.machine.SwapProtections.Mapping;
import io.zublk.uring.sys.Tasks;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Those of a running process are tested in a guest, which has all that they need. */
class SwapProtectionsTest {

  private static final int CAP_SYS_RESOURCE = 24; // include/uapi/linux/capability.h

  private static boolean maySetFlag() throws Exception {
    String effective =
        Files.readAllLines(Path.of("/proc/self/status")).stream()
            .filter(line -> line.startsWith("CapEff:"))
            .findFirst()
            .orElseThrow();
    return (Long.parseUnsignedLong(effective.split("\\s+", -1)[1], 16) >>> CAP_SYS_RESOURCE & 1)
        != 0;
  }

  /** In a thread of its own, which ends: the flag stays with whatever it starts. */
  @Test
  void aThreadBecomesAFlusherOrHearsWhyNot() throws Exception {
    FutureTask<Boolean> attempt =
        new FutureTask<>(() -> {
          SwapProtections.prepareThread();
          int self = Tasks.id();
          return (ProcFs.threadFlags(self) & SwapProtections.FLUSHER_FLAGS)
              == SwapProtections.FLUSHER_FLAGS;
        });
    Thread.ofPlatform().start(attempt);
    if (maySetFlag()) {
      assertThat(attempt.get()).isTrue();
    } else {
      assertThatThrownBy(attempt::get)
          .hasCauseInstanceOf(UserException.class)
          .hasMessageContaining("--swap cannot be had: it needs CAP_SYS_RESOURCE");
    }
  }

  @Test
  void whatAProcessIsFoundWithoutIsSaid() {
    Map<String, Object> fields = SwapProtections.fields();
    assertThat((Integer) fields.get("swap_unprotected_threads")).isGreaterThan(5);
    assertThat((Long) fields.get("swap_absent_bytes")).isPositive();
    assertThat(fields).containsKey("swap_locked_bytes");
  }

  @ParameterizedTest
  @CsvSource({
    "7f0000000000-7f0000001000 rw-p 00000000 00:00 0, true",
    "550000006000-550000781000 rwxp 00000000 00:00 0    [heap], true",
    "40525000-415b1000 r-xp 002e3000 62:00 473   /opt/jdk/lib/server/libjvm.so, true",
    "7f0000000000-7f0000001000 ---p 00000000 00:00 0, false",
    "48000000-50b33000 r--s 00000000 62:00 460   /opt/jdk/lib/modules, false",
    "7f0000000000-7f0000001000 r--s 00000000 00:06 9   /dev/ublkc0, false",
    "7f0000000000-7f0000001000 rw-s 00000000 00:0f 1030   anon_inode:[io_uring], false",
    "7ffff7fc1000-7ffff7fc5000 r--p 00000000 00:00 0   [vvar], false"
  })
  void whatMayBeTouchedOneDayIsFaultedIn(String line, boolean expected) {
    assertThat(new Mapping(line).isToBeFaultedIn()).isEqualTo(expected);
  }

  @Test
  void onlyPrivateMemoryThatMayBeWrittenToCountsAsAbsent() {
    List<String> smaps =
        List.of(
            "7f0000000000-7f0000010000 rw-p 00000000 00:00 0",
            "Size:                 64 kB",
            "Rss:                  24 kB",
            "7f0000020000-7f0000030000 r--s 00000000 62:00 460   /opt/jdk/lib/modules",
            "Size:                 64 kB",
            "Rss:                   0 kB",
            "7f0000040000-7f0000050000 rw-p 00000000 00:00 0   [heap]",
            "Size:                  8 kB",
            "Rss:                   8 kB");
    assertThat(Mapping.absentBytes(smaps)).isEqualTo(40 << 10);
  }

  @Test
  void theReserveIsNoLargerThanTheDeviceNorThanAQuarterOfTheLimit() {
    assertThat(SwapProtections.reserveBytes(1L << 40, 0)).isBetween(16L << 20, 256L << 20);
    assertThat(SwapProtections.reserveBytes(3 << 20, 0)).isEqualTo(3 << 20);
    assertThat(SwapProtections.reserveBytes(1L << 40, 32 << 20)).isEqualTo(8 << 20);
    assertThat(SwapProtections.reserveBytes(4096, 0)).isEqualTo(256 << 10);
  }
}
