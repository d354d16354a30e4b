package io.zublk.store;

import static io.zublk.store.TestPages.PAGE;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zublk.store.file.StoreLayout;
import io.zublk.uring.sys.LinuxFile;
import io.zublk.uring.sys.Memory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A device is given no store but its own. */
class StoreIdentityTest {

  private static final long IDENTITY = 0x1234_5678_9abc_def0L;

  // The superblock's words.
  private static final long VERSION = 8;
  private static final long WHOSE = 56;
  private static final long CHECKSUM = 64;

  private Path path;

  @BeforeEach
  void makeStore() throws IOException {
    path = Files.createTempDirectory(TestPages.SHM, "zublk-identity-test").resolve("store");
    StoreOptions options = new StoreOptions(64 * PAGE, TestPages.LZ4, 0);
    PageStore.create(path, options, StoreTuning.INLINE, IDENTITY).close();
  }

  @AfterEach
  void deleteStore() throws IOException {
    Files.delete(path);
    Files.delete(path.getParent());
  }

  private static void open(Path file, long identity) throws IOException {
    PageStore.open(file, StoreTuning.INLINE, identity).close();
  }

  @Test
  void isOpenedForItsDevice() throws Exception {
    open(path, IDENTITY);
    PageStore.open(path).close(); // and for who does not care
  }

  @Test
  void isNotOpenedForAnotherDeviceAndStaysAsItIs() throws Exception {
    byte[] before = superblock();
    assertThatThrownBy(() -> open(path, IDENTITY + 1))
        .isInstanceOf(IOException.class)
        .hasMessage(path + " is the store file of another device");
    assertThat(superblock()).isEqualTo(before);
    open(path, IDENTITY); // nobody keeps it locked
  }

  @Test
  void withADamagedIdentityIsNotOpenedForAnybody() throws Exception {
    change(memory -> memory.set(JAVA_LONG, WHOSE, IDENTITY + 1));
    for (long identity : new long[] {IDENTITY, IDENTITY + 1}) {
      assertThatThrownBy(() -> open(path, identity)).hasMessageContaining("damaged superblock");
    }
  }

  @Test
  void ofALayoutWithoutIdentitiesIsOpenedForWhoeverNamesIt() throws Exception {
    change(memory -> {
      memory.set(JAVA_INT, VERSION, 4);
      memory.set(JAVA_LONG, WHOSE, 0);
      CRC32C crc = new CRC32C();
      crc.update(memory.asSlice(0, CHECKSUM).toArray(JAVA_BYTE));
      memory.set(JAVA_INT, CHECKSUM, (int) crc.getValue());
    });
    open(path, IDENTITY);
    open(path, IDENTITY + 1);
  }

  private byte[] superblock() throws IOException {
    byte[][] bytes = new byte[1][];
    change(memory -> bytes[0] = memory.toArray(JAVA_BYTE));
    return bytes[0];
  }

  private void change(Consumer<MemorySegment> edit) throws IOException {
    try (LinuxFile file = LinuxFile.open(path, LinuxFile.O_RDWR, 0)) {
      MemorySegment memory = Memory.mapShared(file, 0, StoreLayout.SUPERBLOCK_BYTES);
      edit.accept(memory);
      Memory.unmap(memory);
    }
  }
}
