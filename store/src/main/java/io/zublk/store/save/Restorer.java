package io.zublk.store.save;

import static io.zublk.block.Geometry.PAGE_BYTES;

import io.zublk.block.Threads;
import io.zublk.store.page.PageAccess;
import io.zublk.store.page.PageRestorer;
import io.zublk.store.page.Pages;
import java.io.IOException;
import java.nio.channels.ReadableByteChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * Fills an empty store from a save file, before anybody else uses it. Most of the time goes into
 * checking pages and into the kernel's making of memory for them, so threads share the blocks.
 */
public final class Restorer {

  /** The file is read by one at a time, which more than these would wait for. */
  private static final int MOST_THREADS = 4;

  private final Pages pages;
  private final SaveReader reader;

  private Restorer(Pages pages, SaveReader reader) {
    this.pages = pages;
    this.reader = reader;
  }

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
    new Restorer(pages, new SaveReader(file, header)).run();
  }

  private void run() throws IOException {
    int threads = Math.min(MOST_THREADS, Runtime.getRuntime().availableProcessors());
    List<FutureTask<Long>> parts = new ArrayList<>();
    List<Thread> helpers = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      parts.add(new FutureTask<>(this::restoreBlocks));
    }
    try {
      for (FutureTask<Long> part : parts.subList(1, threads)) {
        helpers.add(Thread.ofPlatform().daemon().name("restore").start(part));
      }
      parts.getFirst().run();
    } finally {
      reader.stop(); // if a helper could not be had; the store's memory goes when this fails
      helpers.forEach(Threads::join);
    }
    long restored = 0;
    for (FutureTask<Long> part : parts) {
      restored += result(part);
    }
    if (restored != reader.pages()) {
      throw new IOException("is damaged: it has %d pages".formatted(restored));
    }
  }

  private static long result(FutureTask<Long> done) throws IOException {
    try {
      return done.get();
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case IOException wrong -> throw wrong;
        case Error error -> throw error;
        default -> throw new IllegalStateException(e.getCause());
      }
    } catch (InterruptedException e) {
      throw new AssertionError("it has ended", e);
    }
  }

  /** Restores what nobody else does, and returns how many pages that were. */
  private long restoreBlocks() throws IOException {
    long restored = 0;
    try (PageAccess access = pages.open();
        SaveBlock block = new SaveBlock()) {
      PageRestorer restorer = access.restorer();
      while (reader.read(block)) {
        restored += block.tell(restorer);
        Optional<String> problem = restorer.problem(); // now, not when somebody reads the pages
        if (problem.isPresent()) {
          throw new IOException(problem.get());
        }
      }
    } finally {
      reader.stop(); // nobody needs to read on if this has failed
    }
    return restored;
  }
}
