package io.zublk.store;

import io.zublk.codec.PackingSpec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A small device for NBD targets; its file has no name, so nothing of it stays. */
public final class RamStore {

  /** Longer than the longest reply that is made in one piece. */
  public static final int BYTES = 320 << 10;

  private static final PageStore STORE = open();

  private RamStore() {}

  public static PageStore device() {
    return STORE;
  }

  private static PageStore open() {
    try {
      Path directory = Files.createTempDirectory(Path.of("/dev/shm"), "zublk-fuzz");
      Path path = directory.resolve("store");
      PageStore store =
          PageStore.create(path, new StoreOptions(BYTES, PackingSpec.parse("lz4"), 0));
      Files.delete(path);
      Files.delete(directory);
      return store;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
