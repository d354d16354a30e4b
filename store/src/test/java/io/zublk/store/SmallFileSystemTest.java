package io.zublk.store;

import static io.zublk.store.TestPages.PAGE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.zublk.block.BlockChannel;
import io.zublk.block.Errno;
import io.zublk.store.file.StoreExtent;
import io.zublk.uring.sys.Mounts;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A store without a limit of its own, on a tmpfs that is smaller than the device. Needs root. */
class SmallFileSystemTest {

  private static final int MIB = 1 << 20;

  @TempDir private Path directory;

  /** An odd number of pages is left, so that the kernel grants part of a chunk, or of a batch. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void whatTheKernelCannotGrantWholeIsNotKept(int workers) throws Exception {
    assumeTrue("root".equals(System.getProperty("user.name")), "needs root");
    StoreOptions options = new StoreOptions(32L * MIB, TestPages.LZ4, 0);
    long metadata = StoreExtent.ofNew(options.sizeBytes() / PAGE).metadataBytes;
    Mounts.mountTmpfs(directory, "size=" + (metadata + 4 * MIB + 3 * PAGE) + ",mode=0700");
    StoreTuning tuning =
        new StoreTuning(workers, 64, 100, 1024, new BitSet(), StoreTuning.ANY_NODE);
    try (PageStore store = PageStore.create(directory.resolve("store"), options, tuning);
        BlockChannel channel = store.openChannel()) {
      SizedPages pages = new SizedPages(32 * MIB / PAGE);
      for (int round = 0; round < 2; round++) {
        int number = 0;
        int result = 0;
        for (; result == 0; number++) {
          if (!pages.isPresent(number)) {
            result = pages.write(channel, number, SizedPages.RAW);
          }
        }
        assertThat(result).isEqualTo(-Errno.ENOSPC);
        assertThat(number).isGreaterThan(4 * MIB / PAGE * 9 / 10);
        boolean _ = store.settle();
        boolean _ = store.trim();
        assertThat(store.stats().memUsedTotal()).isEqualTo(store.allocatedBytes());
        for (int i = 0; i < number; i += 2) {
          pages.discard(channel, i);
        }
      }
      pages.check(channel);
    } finally {
      Mounts.unmount(directory, true);
    }
  }

  @Test
  void aStoreThatFindsNoMemoryAtAllIsRefusedInALineAndLeavesNothing() throws Exception {
    assumeTrue("root".equals(System.getProperty("user.name")), "needs root");
    Mounts.mountTmpfs(directory, "size=" + PAGE + ",mode=0700");
    try {
      Files.write(directory.resolve("full"), new byte[PAGE]);
      Path path = directory.resolve("store");
      StoreOptions options = new StoreOptions(32L * MIB, TestPages.LZ4, 0);
      assertThatThrownBy(() -> PageStore.create(path, options))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("no memory for the page table");
      assertThat(path).doesNotExist();
      assertThat(Files.readString(Path.of("/proc/self/maps"), StandardCharsets.ISO_8859_1))
          .doesNotContain(path.toString());
    } finally {
      Mounts.unmount(directory, true);
    }
  }
}
