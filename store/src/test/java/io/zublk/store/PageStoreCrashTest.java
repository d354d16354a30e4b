package io.zublk.store;

import static io.zublk.store.TestPages.PAGE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.block.BlockChannel;
import io.zublk.codec.PackingSpec;
import io.zublk.store.file.StoreLayout;
import io.zublk.store.table.PageEntry;
import io.zublk.uring.sys.LinuxFile;
import io.zublk.uring.sys.Memory;
import java.io.BufferedReader;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Kills a writing process again and again. A new process that opens the file must find in every
 * page the last acknowledged version, or the next one, which was under way; and all of it whole.
 */
class PageStoreCrashTest {

  private static final int MAX_MILLIS_OF_WRITING = 120;

  private final Random random = new Random();
  private final MemorySegment buffer = Arena.ofAuto().allocate(PAGE, PAGE);
  private final MemorySegment scratch = Arena.ofAuto().allocate(PAGE, PAGE);
  private Path directory;
  private Path file;
  private Path journal;

  @BeforeEach
  void createDirectory() throws Exception {
    directory = Files.createTempDirectory(TestPages.SHM, "zublk-crash-test");
    file = directory.resolve("store");
    journal = directory.resolve("journal");
  }

  @AfterEach
  void deleteDirectory() throws Exception {
    Files.delete(file);
    Files.delete(journal);
    Files.delete(directory);
  }

  @Test
  void nothingAcknowledgedIsLostInTwentyKills() throws Exception {
    killAndCheck("lz4", "inline", 20);
  }

  @Test
  void norIsWhatWasOnlyStaged() throws Exception {
    killAndCheck("lz4", "staged", 20);
  }

  @Test
  void norIsWhatMovesOrIsReplacedInPlace() throws Exception {
    killAndCheck("lz4", "crowded", 20);
  }

  @Test
  void norIsWhatADeviceKeepsThatIsResized() throws Exception {
    killAndCheck("lz4", "resized", 20);
  }

  @Test
  void norIsWhatWasPackedAsLines() throws Exception {
    killAndCheck("line+lz4", "staged", 10);
    try (PageStore store = PageStore.open(file)) {
      assertThat(store.stats().linePages()).isPositive();
    }
  }

  @Test
  @Tag("long")
  void nothingAcknowledgedIsLostInTwoHundredKills() throws Exception {
    killAndCheck("lz4", "inline", 70);
    Files.delete(file);
    Files.delete(journal);
    killAndCheck("lz4", "staged", 70);
    Files.delete(file);
    Files.delete(journal);
    killAndCheck("zstd", "staged", 70);
    Files.delete(file);
    Files.delete(journal);
    killAndCheck("line+lz4", "staged", 70);
    Files.delete(file);
    Files.delete(journal);
    killAndCheck("lz4", "crowded", 70);
  }

  private void killAndCheck(String codec, String tuning, int kills) throws Exception {
    long size = (long) CrashWriter.PAGES * PAGE;
    PageStore.create(file, new StoreOptions(size, PackingSpec.parse(codec), 0)).close();
    try (var acknowledged = new CrashWriter.Journal(journal)) {
      long before = 0;
      int staged = 0;
      for (int i = 0; i < kills; i++) {
        writeAndKill(tuning);
        staged += countStaged();
        long now = check(acknowledged);
        assertThat(now).as("versions written before kill %d", i).isGreaterThan(before);
        before = now;
      }
      if (tuning.equals("staged")) {
        assertThat(staged).as("pages that a kill found staged").isPositive();
      } else if (tuning.equals("inline")) {
        assertThat(staged).isZero();
      }
    }
  }

  /** Looks at the file as the killed process left it. */
  private int countStaged() throws Exception {
    StoreLayout layout = StoreLayout.ofNew(CrashWriter.PAGES);
    int staged = 0;
    try (LinuxFile left = LinuxFile.open(file, LinuxFile.O_RDWR, 0)) {
      MemorySegment memory = Memory.mapShared(left, 0, layout.directoryOffset);
      for (int page = 0; page < CrashWriter.PAGES; page++) {
        long entry = memory.get(JAVA_LONG, layout.tableOffset + page * 8L);
        staged += PageEntry.kind(entry) == PageEntry.STAGED ? 1 : 0;
      }
      Memory.unmap(memory);
    }
    return staged;
  }

  private void writeAndKill(String tuning) throws Exception {
    Process writer =
        new ProcessBuilder(
                ProcessHandle.current().info().command().orElseThrow(),
                "-Xmx64m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                CrashWriter.class.getName(),
                file.toString(),
                journal.toString(),
                tuning)
            .redirectErrorStream(true)
            .start();
    try (BufferedReader output = writer.inputReader()) {
      assertThat(output.readLine()).isEqualTo("writing");
      Thread.sleep(random.nextInt(MAX_MILLIS_OF_WRITING));
      assertThat(writer.toHandle().destroyForcibly()).isTrue(); // leaves its output to be read
      assertThat(writer.waitFor()).isEqualTo(128 + 9);
      assertThat(output.lines()).as("what the writer said before it was killed").isEmpty();
    }
  }

  /** Checks every page and returns the sum of their versions. */
  private long check(CrashWriter.Journal acknowledged) throws Exception {
    long sum = 0;
    try (PageStore store = PageStore.open(file);
        BlockChannel channel = store.openChannel()) {
      for (int page = 0; page < CrashWriter.PAGES; page++) {
        long atLeast = acknowledged.get(page);
        assertThat(channel.read((long) page * PAGE, buffer, 0, PAGE)).isZero();
        long seed = TestPages.seedOf(buffer, 0, scratch);
        long version = seed == 0 && isHole(page, atLeast) ? atLeast : seed;
        if (seed == 0 && CrashWriter.isDiscard(page, atLeast + 1)) {
          version = atLeast + 1;
        }
        assertThat(version).as("page %d", page).isBetween(atLeast, atLeast + 1);
        acknowledged.set(page, version);
        sum += version;
      }
      assertThat(store.stats().checksumErrors()).isZero();
      assertThat(store.allocatedBytes()).isEqualTo(store.stats().memUsedTotal());
    }
    return sum;
  }

  private static boolean isHole(int page, long version) {
    return version == 0 || CrashWriter.isDiscard(page, version);
  }
}
