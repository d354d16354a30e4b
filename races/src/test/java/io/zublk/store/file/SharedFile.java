package io.zublk.store.file;

import io.zublk.codec.PackingSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A store file in shared memory for all tests of a process. It has no name any more, so nothing is
 * left when the process ends, however it ends.
 */
public final class SharedFile {

  private static final long PAGES = 4096;
  private static final StoreFile FILE = open();

  private SharedFile() {}

  public static StoreFile file() {
    return FILE;
  }

  private static StoreFile open() {
    try {
      Path directory = Files.createTempDirectory(Path.of("/dev/shm"), "zublk-races");
      Path path = directory.resolve("store");
      StoreFile file = StoreFile.create(path, PAGES, PackingSpec.parse("lz4"), StoreFile.ANY_NODE);
      Files.delete(path);
      Files.delete(directory);
      return file;
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
