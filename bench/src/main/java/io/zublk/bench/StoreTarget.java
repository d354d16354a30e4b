package io.zublk.bench;

import io.zublk.block.BlockChannel;
import io.zublk.codec.LineVectors;
import io.zublk.codec.PackingSpec;
import io.zublk.store.PageStore;
import io.zublk.store.StoreOptions;
import io.zublk.store.StoreStats;
import io.zublk.store.StoreTuning;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** A page store in this process, without any transport. */
final class StoreTarget implements Target {

  private final String name;
  private final Path directory;
  private final PageStore store;

  private StoreTarget(String name, Path directory, PageStore store) {
    this.name = name;
    this.directory = directory;
    this.store = store;
  }

  /** How the directories of this process's stores begin. */
  static String prefix() {
    return "zublk-bench-" + ProcessHandle.current().pid() + "-";
  }

  static StoreTarget create(String name, PackingSpec packing, long bytes, StoreTuning tuning)
      throws IOException {
    if (packing.lineFirst()) {
      boolean _ = LineVectors.train(); // as a device does, but for the moment when it does
    }
    Path directory = Files.createTempDirectory(Path.of("/dev/shm"), prefix());
    try {
      PageStore store =
          PageStore.create(directory.resolve("store"), new StoreOptions(bytes, packing, 0), tuning);
      return new StoreTarget(name, directory, store);
    } catch (Throwable t) {
      delete(directory);
      throw t;
    }
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public long sizeBytes() {
    return store.geometry().sizeBytes();
  }

  @Override
  public Lane openLane() {
    return new ChannelLane(store.openChannel());
  }

  @Override
  public void settle() {
    store.settle();
  }

  /** With the page table and all books: everything that the machine pays. */
  @Override
  public Optional<MemoryUse> memory() {
    StoreStats stats = store.stats();
    return Optional.of(
        new MemoryUse(stats.origDataSize(), stats.comprDataSize(), stats.memUsedTotal()));
  }

  @Override
  public void close() throws IOException {
    store.close();
    delete(directory);
  }

  private static void delete(Path directory) throws IOException {
    Files.deleteIfExists(directory.resolve("store"));
    Files.deleteIfExists(directory);
  }

  private record ChannelLane(BlockChannel channel) implements Lane {

    @Override
    public int read(long position, MemorySegment buffer, long offset, int length) {
      return channel.read(position, buffer, offset, length);
    }

    @Override
    public int write(long position, MemorySegment buffer, long offset, int length) {
      return channel.write(position, buffer, offset, length);
    }

    @Override
    public void close() {
      channel.close();
    }
  }
}
