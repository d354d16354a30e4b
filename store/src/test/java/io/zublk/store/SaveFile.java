package io.zublk.store;

import io.zublk.codec.PackingSpec;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;

/** Save files in memory. */
final class SaveFile {

  private SaveFile() {}

  private static final long IDENTITY = 1;

  /** Restores a file into a store that packs nothing, and says what is wrong with that. */
  public static void main(String[] arguments) throws IOException {
    StoreOptions plain = new StoreOptions(1 << 30, PackingSpec.parse("none"), 0);
    try (PageStore _ = restored(Files.readAllBytes(Path.of(arguments[0])), plain)) {
      System.out.println("it was restored");
    } catch (IOException e) {
      System.out.println(e.getMessage());
    }
  }

  static byte[] of(PageStore store) throws IOException {
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    store.save(Channels.newChannel(file));
    return file.toByteArray();
  }

  static ReadableByteChannel channel(byte[] file) {
    return Channels.newChannel(new ByteArrayInputStream(file));
  }

  /** A store that is made of a file, and whose own file goes with it. */
  static PageStore restored(byte[] file, StoreOptions options) throws IOException {
    Path path = Files.createTempFile(TestPages.SHM, "zublk-restored", "");
    Files.delete(path);
    PageStore store = PageStore.restore(path, options, StoreTuning.INLINE, IDENTITY, channel(file));
    Files.delete(path);
    return store;
  }
}
