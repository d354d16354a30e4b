package io.zublk.store;

import io.zublk.codec.CodecSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A store file in shared memory for all tests of a process. It has no name any more, so nothing is
 * left when the process ends, however it ends.
 */
final class SharedFile {

  private static final long DEVICE_BYTES = 16L << 20;
  private static final StoreFile FILE = open();

  private SharedFile() {}

  static StoreFile file() {
    return FILE;
  }

  private static StoreFile open() {
    try {
      Path directory = Files.createTempDirectory(Path.of("/dev/shm"), "zublk-races");
      Path path = directory.resolve("store");
      StoreOptions options = new StoreOptions(DEVICE_BYTES, CodecSpec.parse("lz4"), 0);
      StoreFile file = StoreFile.create(path, options, StoreTuning.ANY_NODE);
      Files.delete(path);
      Files.delete(directory);
      return file;
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
