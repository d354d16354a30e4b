package io.zublk.store;

import static io.zublk.store.TestPages.PAGE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.zublk.block.BlockChannel;
import io.zublk.block.Errno;
import io.zublk.store.file.StoreExtent;
import io.zublk.uring.sys.LinuxFile;
import io.zublk.uring.sys.Memory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.Random;

/**
 * The program that {@link PageStoreCrashTest} kills: two threads that write ever higher versions to
 * the pages of a store, and note in a file beside it what was acknowledged. The even versions of
 * every eighth page are discards.
 */
final class CrashWriter {

  static final int PAGES = 512;
  static final int THREADS = 2;

  /** The libraries are loaded by then, so the killer's clock measures writing. */
  private static final int WRITES_BEFORE_NOTICE = 20;

  /** One word a page in shared memory: the last version that the store acknowledged. */
  static final class Journal implements AutoCloseable {

    private static final VarHandle WORD = JAVA_LONG.varHandle();

    private final LinuxFile file;
    private final MemorySegment memory;

    Journal(Path path) throws Exception {
      file = LinuxFile.open(path, LinuxFile.O_RDWR | LinuxFile.O_CREAT, 0600);
      file.truncate(PAGES * 8L);
      memory = Memory.mapShared(file, 0, PAGES * 8L);
    }

    long get(int page) {
      return (long) WORD.getVolatile(memory, page * 8L);
    }

    void set(int page, long version) {
      WORD.setVolatile(memory, page * 8L, version);
    }

    @Override
    public void close() {
      Memory.unmap(memory);
      file.close();
    }
  }

  private CrashWriter() {}

  static boolean isDiscard(int page, long version) {
    return page % 8 == 0 && version % 2 == 0;
  }

  /** Incomplete batches wait for ever, so that most kills find pages staged. */
  private static final StoreTuning STAGED =
      new StoreTuning(1, 16, 1_000_000, 64, new BitSet(), StoreTuning.ANY_NODE);

  /** Of the arena: not enough for all pages at once, so that many are replaced in place. */
  private static final long CROWDED_BYTES = 640 << 10;

  /**
   * Arguments: the store file, the journal, and "inline", "staged", "crowded": with too little
   * memory, and objects that move all the time; or "resized": staged, and with more pages and less
   * all the time. Prints a line once it writes.
   */
  public static void main(String[] args) throws Exception {
    boolean isStaged = args[2].equals("staged") || args[2].equals("resized");
    StoreTuning tuning = isStaged ? STAGED : StoreTuning.INLINE;
    PageStore store = PageStore.open(Path.of(args[0]), tuning);
    if (args[2].equals("crowded")) {
      store.setMemLimit(StoreExtent.ofNew(PAGES).metadataBytes + CROWDED_BYTES);
      Thread.ofPlatform().start(() -> compact(store));
    }
    if (args[2].equals("resized")) {
      Thread.ofPlatform().start(() -> resize(store));
    }
    Journal journal = new Journal(Path.of(args[1]));
    for (int t = 1; t < THREADS; t++) {
      int id = t;
      Thread.ofPlatform().start(() -> write(store, journal, id));
    }
    write(store, journal, 0);
  }

  private static void compact(PageStore store) {
    while (true) {
      boolean _ = store.compact();
    }
  }

  /** What comes with a larger size must be zeros, whatever a process that was killed left there. */
  private static void resize(PageStore store) {
    Random random = new Random();
    MemorySegment buffer = Arena.global().allocate(PAGE, PAGE);
    try (BlockChannel channel = store.openChannel()) {
      while (true) {
        store.resize((long) PAGES * PAGE, true);
        long pages = random.nextInt(PAGES, 16 * PAGES);
        store.resize(pages * PAGE, false);
        for (long page = PAGES; page < pages; page += 7) {
          require(channel.read(page * PAGE, buffer, 0, PAGE) == 0 && buffer.get(JAVA_LONG, 0) == 0);
          TestPages.write(buffer, 0, page);
          require(channel.write(page * PAGE, buffer, 0, PAGE) == 0);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void require(boolean holds) {
    if (!holds) {
      throw new AssertionError("a page that is new is not zeros");
    }
  }

  private static void write(PageStore store, Journal journal, int id) {
    Random random = new Random();
    long writes = 0;
    MemorySegment buffer = Arena.global().allocate(PAGE, PAGE);
    try (BlockChannel channel = store.openChannel()) {
      while (true) {
        int page = random.nextInt(PAGES / THREADS) * THREADS + id;
        long version = journal.get(page) + 1;
        TestPages.write(buffer, 0, version);
        int result =
            isDiscard(page, version)
                ? channel.discard((long) page * PAGE, PAGE)
                : channel.write((long) page * PAGE, buffer, 0, PAGE);
        if (result == -Errno.ENOSPC && store.options().memLimitBytes() > 0) {
          continue;
        }
        if (result < 0) {
          throw new AssertionError("write failed: " + result);
        }
        journal.set(page, version);
        if (id == 0 && ++writes == WRITES_BEFORE_NOTICE) {
          System.out.println("writing");
        }
      }
    }
  }
}
