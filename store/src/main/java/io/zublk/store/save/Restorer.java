package io.zublk.store.save;

import static io.zublk.block.Geometry.PAGE_BYTES;

import io.zublk.store.page.PageAccess;
import io.zublk.store.page.PageRestorer;
import io.zublk.store.page.Pages;
import java.io.IOException;
import java.nio.channels.ReadableByteChannel;
import java.util.Optional;

/** Fills an empty store from a save file, before anybody else uses it. */
public final class Restorer {

  private Restorer() {}

  /**
   * Reads all of the file.
   *
   * @throws IOException with what is wrong, in words that go on after the file's name; then the
   *     store holds a part that is of no use
   */
  public static void restore(Pages pages, ReadableByteChannel file) throws IOException {
    SaveHeader header = SaveHeader.read(file);
    long room = pages.file().extent().pages;
    if (header.pages() > room) {
      throw new IOException(
          "holds a device of %d bytes, which do not fit into %d"
              .formatted(header.pages() * PAGE_BYTES, room * PAGE_BYTES));
    }
    try (PageAccess access = pages.open();
        SaveReader reader = new SaveReader(file, header)) {
      PageRestorer restorer = access.restorer();
      while (reader.readBlock(restorer)) {
        if (!restorer.fits()) {
          throw new IOException("holds more than there is memory for");
        }
        requireReadable(restorer);
      }
    }
  }

  /** Now, and not when somebody reads the pages. */
  private static void requireReadable(PageRestorer restorer) throws IOException {
    Optional<String> reason = restorer.whyUnreadable();
    if (reason.isPresent()) {
      throw new IOException("holds pages that this machine cannot read: " + reason.get());
    }
  }
}
