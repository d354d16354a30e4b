package io.zublk.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A store in shared memory that can be closed, killed and opened again; its file goes at the end.
 */
final class TestStore implements AutoCloseable {

  final Path path;
  private PageStore store;

  TestStore(StoreOptions options) throws IOException {
    path = Files.createTempDirectory(TestPages.SHM, "zublk-store-test").resolve("store");
    store = PageStore.create(path, options);
  }

  PageStore get() {
    return store;
  }

  void adopt(PageStore opened) {
    store = opened;
  }

  /** Opens the file anew. What dies with a process is not closed first. */
  PageStore reopen() throws IOException {
    store.close();
    store = PageStore.open(path);
    return store;
  }

  @Override
  public void close() throws IOException {
    store.close();
    Files.delete(path);
    Files.delete(path.getParent());
  }
}
