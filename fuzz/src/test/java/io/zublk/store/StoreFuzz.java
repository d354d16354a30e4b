package io.zublk.store;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.zublk.block.BlockChannel;
import io.zublk.block.Errno;
import io.zublk.codec.PackingSpec;
import io.zublk.fuzz.Runs;
import io.zublk.store.file.StoreLayout;
import io.zublk.store.page.PageObject;
import io.zublk.store.table.PageEntry;
import io.zublk.uring.sys.LinuxFile;
import io.zublk.uring.sys.Memory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.CRC32C;

/**
 * A store file in which bytes have changed while nobody served it: it is refused with a word, or
 * every page reads as it was written or fails, and the store goes on to work.
 *
 * <pre>
 *   input: mutation : 4 ...
 *   mutation: where : 3 | change
 *
 *   with one byte more, the superblock gets its right checksum
 * </pre>
 */
@Runs(3_000)
public final class StoreFuzz {

  private static final int PAGE = 4096;
  private static final int PAGES = 48;
  private static final int MAX_MUTATIONS = 16;
  private static final int MUTATION_BYTES = 4;

  /** How many flips of an entry's bits are always found; more may by chance be another entry. */
  private static final int MAX_ENTRY_FLIPS = 2;

  private static final StoreOptions OPTIONS =
      new StoreOptions((long) PAGES * PAGE, PackingSpec.parse("line+lz4"), 0);

  /** A written page each; every kind of entry is among them. */
  private static final MemorySegment WRITTEN = Arena.global().allocate((long) PAGES * PAGE, PAGE);

  private static final MemorySegment READ = Arena.global().allocate(PAGE, PAGE);
  private static final Path PATH = path();
  private static final MemorySegment FILE = create();
  private static final StoreLayout LAYOUT = StoreLayout.ofNew(PAGES);

  /** What the file was: its metadata, and as much of the arena and of staging as is in use. */
  private static final byte[][] PARTS = parts();

  private StoreFuzz() {}

  private static long[] offsets() {
    return new long[] {0, LAYOUT.arenaOffset, LAYOUT.stagingOffset};
  }

  private static Path path() {
    try {
      Path directory = Files.createTempDirectory(Path.of("/dev/shm"), "zublk-fuzz");
      Path path = directory.resolve("store");
      directory.toFile().deleteOnExit();
      path.toFile().deleteOnExit();
      return path;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static MemorySegment create() {
    try (PageStore store = PageStore.create(PATH, OPTIONS);
        BlockChannel channel = store.openChannel()) {
      fill();
      if (channel.write(0, WRITTEN, 0, PAGES * PAGE) != 0
          || channel.discard(0, PAGE) != 0
          || channel.discard((PAGES - 1) * PAGE, PAGE) != 0) {
        throw new AssertionError("not written");
      }
      if (store.stats().linePages() == 0 || store.stats().lz4Pages() == 0) {
        throw new AssertionError("not of both codecs: " + store.stats());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    try (LinuxFile file = LinuxFile.open(PATH, LinuxFile.O_RDWR, 0)) {
      return Memory.mapShared(file, 0, StoreLayout.ofNew(PAGES).fileBytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Absent, filled, repeated, a word, raw and compressed pages, of both codecs, in turn. */
  private static void fill() {
    Random random = new Random(1);
    for (int page = 1; page < PAGES - 1; page++) {
      MemorySegment at = WRITTEN.asSlice((long) page * PAGE, PAGE);
      long word =
          switch (page % 6) {
            case 1 -> page;
            case 2 -> 0x1234_5678_1234_5678L + page * 0x1_0000_0001L;
            default -> random.nextLong();
          };
      for (long i = 0; i < PAGE; i += Long.BYTES) {
        // Few random words at the end are for lines, more are not, or not for any codec.
        boolean isRandom = page % 6 == 4 || (page % 6 == 5 && i >= PAGE - 128L * page);
        at.set(JAVA_LONG, i, isRandom ? random.nextLong() : word);
      }
    }
  }

  private static byte[][] parts() {
    long[] offsets = offsets();
    int[] lengths = {(int) LAYOUT.arenaOffset, 64 * StoreLayout.SLAB_BYTES, 1 << 16};
    byte[][] parts = new byte[offsets.length][];
    for (int i = 0; i < parts.length; i++) {
      byte[] part = FILE.asSlice(offsets[i], lengths[i]).toArray(JAVA_BYTE);
      int used = part.length;
      while (used > 1 && part[used - 1] == 0) {
        used--;
      }
      parts[i] = Arrays.copyOf(part, used);
    }
    return parts;
  }

  public static void fuzzerTestOneInput(byte[] data) throws IOException {
    restore();
    mutate(data);
    boolean[] trusted = trusted();
    try (PageStore store = PageStore.open(PATH);
        BlockChannel channel = store.openChannel()) {
      // A superblock that was sealed may tell of a few pages more or less.
      int pages = (int) Math.min(PAGES, store.geometry().sizeBytes() / PAGE);
      checkPages(channel, pages, trusted);
      checkThatItWorks(channel, pages);
    } catch (IOException | IllegalArgumentException e) {
      if (e.getMessage() == null || e.getMessage().isBlank()) {
        throw new AssertionError("refused without a word", e);
      }
    }
  }

  private static void restore() {
    long[] offsets = offsets();
    FILE.asSlice(offsets[0], LAYOUT.arenaOffset).fill((byte) 0);
    try (LinuxFile file = LinuxFile.open(PATH, LinuxFile.O_RDWR, 0)) {
      file.punchHole(LAYOUT.arenaOffset, LAYOUT.fileBytes - LAYOUT.arenaOffset);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    for (int i = 0; i < PARTS.length; i++) {
      MemorySegment.copy(PARTS[i], 0, FILE, JAVA_BYTE, offsets[i], PARTS[i].length);
    }
  }

  private static void mutate(byte[] data) {
    boolean superblock = false;
    int end = Math.min(data.length, MAX_MUTATIONS * MUTATION_BYTES);
    for (int at = 0; at + MUTATION_BYTES <= end; at += MUTATION_BYTES) {
      int where = (data[at] & 0xff) << 16 | (data[at + 1] & 0xff) << 8 | (data[at + 2] & 0xff);
      long position = position(where);
      superblock |= position < StoreLayout.SUPERBLOCK_BYTES;
      FILE.set(JAVA_BYTE, position, (byte) (FILE.get(JAVA_BYTE, position) ^ data[at + 3]));
    }
    if (superblock && data.length % 2 != 0) {
      seal(); // as if another version had written it
    }
  }

  /** A quarter of all places each: superblock, page table, books, and objects. */
  private static long position(int where) {
    int in = where & 0x3f_ffff;
    return switch (where >>> 22) {
      case 0 -> in % 88;
      case 1 -> LAYOUT.tableOffset + in % (PAGES * Long.BYTES);
      case 2 -> LAYOUT.directoryOffset + in % (LAYOUT.arenaOffset - LAYOUT.directoryOffset);
      default -> inObject(in % PAGES, in / PAGES);
    };
  }

  /** A place in a page's object; in its entry, if it has no object. */
  private static long inObject(int page, int offset) {
    long entry = entryBefore(page);
    return PageEntry.isStored(entry)
        ? PageObject.position(LAYOUT, entry) + offset % PageObject.bytes(entry)
        : LAYOUT.tableOffset + (long) page * Long.BYTES;
  }

  private static long entryBefore(int page) {
    long at = LAYOUT.tableOffset + (long) page * Long.BYTES;
    return MemorySegment.ofArray(PARTS[0]).get(JAVA_LONG.withByteAlignment(1), at);
  }

  /** Makes the superblock's checksum right again. */
  private static void seal() {
    CRC32C crc = new CRC32C();
    crc.update(FILE.asSlice(0, 64).toArray(JAVA_BYTE));
    FILE.set(java.lang.foreign.ValueLayout.JAVA_INT, 64, (int) crc.getValue());
  }

  /** The pages whose entries are what they were, or so near that the check must find it. */
  private static boolean[] trusted() {
    boolean[] trusted = new boolean[PAGES];
    for (int page = 0; page < PAGES; page++) {
      long at = LAYOUT.tableOffset + (long) page * Long.BYTES;
      long flips = (entryBefore(page) ^ FILE.get(JAVA_LONG, at)) & ~PageEntry.LOCK;
      trusted[page] = Long.bitCount(flips) <= MAX_ENTRY_FLIPS;
    }
    return trusted;
  }

  private static void checkPages(BlockChannel channel, int pages, boolean[] trusted) {
    for (int page = 0; page < pages; page++) {
      int status = channel.read((long) page * PAGE, READ, 0, PAGE);
      if (status != 0 && status != -Errno.EIO) {
        throw new AssertionError("page " + page + ": " + status);
      }
      MemorySegment expected = WRITTEN.asSlice((long) page * PAGE, PAGE);
      if (status == 0 && trusted[page] && READ.mismatch(expected) >= 0) {
        throw new AssertionError("wrong data in page " + page);
      }
    }
  }

  /** Every page can be written, and is read again as it was written. */
  private static void checkThatItWorks(BlockChannel channel, int pages) {
    for (int page = 0; page < pages; page++) {
      int status = channel.write((long) page * PAGE, WRITTEN, another(page), PAGE);
      if (status != 0) {
        throw new AssertionError("page " + page + " cannot be written: " + status);
      }
    }
    for (int page = 0; page < pages; page++) {
      int status = channel.read((long) page * PAGE, READ, 0, PAGE);
      if (status != 0 || READ.mismatch(WRITTEN.asSlice(another(page), PAGE)) >= 0) {
        throw new AssertionError("page " + page + " was written: " + status);
      }
    }
  }

  /** Where other bytes for a page are. */
  private static long another(int page) {
    return (PAGES - 1L - page) * PAGE;
  }
}
