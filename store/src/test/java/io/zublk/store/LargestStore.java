package io.zublk.store;

import static io.zublk.store.TestPages.PAGE;

import io.zublk.block.BlockChannel;
import io.zublk.store.file.StoreFile;
import io.zublk.store.file.StoreLayout;
import io.zublk.store.work.StoreWorkers;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * The program that {@link PageStoreSizeTest} runs in a small heap: opens the largest store there
 * can be, with the most workers, and more channels than a transport ever has, and uses them all.
 */
final class LargestStore {

  /** The most connections of an NBD server, and queue threads of a ublk device are fewer. */
  private static final int CHANNELS = 256;

  private static final long BYTES = StoreLayout.MAX_DEVICE_BYTES;

  private LargestStore() {}

  /** Argument: the store file, which is made, and has memory as far as it is written to. */
  public static void main(String[] args) throws Exception {
    StoreTuning tuning =
        new StoreTuning(
            StoreWorkers.MAX_WORKERS, 64, 100, 4096, new BitSet(), StoreTuning.ANY_NODE);
    StoreFile file =
        StoreFile.createSparse(
            Path.of(args[0]), StoreLayout.MAX_PAGES, TestPages.LZ4, StoreTuning.ANY_NODE);
    try (PageStore store = new PageStore(file, tuning, new Gate())) {
      store.workers().start();
      List<BlockChannel> channels = new ArrayList<>();
      for (int i = 0; i < CHANNELS; i++) {
        channels.add(store.openChannel());
        use(channels.get(i), BYTES - (i + 1L) * PAGE);
      }
      channels.forEach(BlockChannel::close);
      System.out.println(store.settle() ? "all channels used" : "not settled");
    }
  }

  private static void use(BlockChannel channel, long position) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment page = arena.allocate(PAGE, PAGE);
      MemorySegment read = arena.allocate(PAGE, PAGE);
      TestPages.write(page, 0, position / PAGE);
      if (channel.write(position, page, 0, PAGE) != 0
          || channel.read(position, read, 0, PAGE) != 0
          || read.mismatch(page) >= 0) {
        throw new AssertionError("wrong data at " + position);
      }
    }
  }
}
