package io.zublk.store;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.zublk.store.file.StoreLayout;
import io.zublk.uring.sys.LinuxFile;
import io.zublk.uring.sys.Memory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A store in shared memory that can be closed, killed and opened again; its file goes at the end.
 */
final class TestStore implements AutoCloseable {

  final Path path;
  private PageStore store;

  private final StoreTuning tuning;

  TestStore(StoreOptions options) throws IOException {
    this(options, StoreTuning.INLINE);
  }

  TestStore(StoreOptions options, StoreTuning tuning) throws IOException {
    path = Files.createTempDirectory(TestPages.SHM, "zublk-store-test").resolve("store");
    store = PageStore.create(path, options, tuning);
    this.tuning = tuning;
  }

  PageStore get() {
    return store;
  }

  void adopt(PageStore opened) {
    store = opened;
  }

  /** Puts an entry into the page table behind the store's back. */
  void overwriteEntry(long page, long entry) throws IOException {
    try (LinuxFile file = LinuxFile.open(path, LinuxFile.O_RDWR, 0)) {
      StoreLayout layout = new StoreLayout(store.greatestSizeBytes() / TestPages.PAGE);
      MemorySegment memory = Memory.mapShared(file, 0, layout.directoryOffset);
      memory.set(JAVA_LONG, layout.tableOffset + page * Long.BYTES, entry);
      Memory.unmap(memory);
    }
  }

  /** An entry of the page table, seen behind the store's back. */
  long entry(long page) throws IOException {
    try (LinuxFile file = LinuxFile.open(path, LinuxFile.O_RDWR, 0)) {
      StoreLayout layout = new StoreLayout(store.greatestSizeBytes() / TestPages.PAGE);
      MemorySegment memory = Memory.mapShared(file, 0, layout.directoryOffset);
      long entry = memory.get(JAVA_LONG, layout.tableOffset + page * Long.BYTES);
      Memory.unmap(memory);
      return entry;
    }
  }

  /** Opens the file anew. What dies with a process is not closed first. */
  PageStore reopen() throws IOException {
    store.close();
    store = PageStore.open(path, tuning);
    return store;
  }

  @Override
  public void close() throws IOException {
    store.close();
    Files.delete(path);
    Files.delete(path.getParent());
  }
}
