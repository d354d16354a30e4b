package io.zublk.store.page;

import static io.zublk.block.Geometry.PAGE_BYTES;

import io.zublk.block.ThreadCounters;
import io.zublk.store.arena.SlabArena;
import io.zublk.store.staging.StagingWriter;
import io.zublk.store.table.PageTable;
import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.Memory;
import java.lang.foreign.MemorySegment;

/** One thread's access to pages: all that it needs for that and shares with nobody. */
public final class PageAccess implements AutoCloseable {

  // The scratch memory: the object writer's pages, a page under construction, the object reader's.
  private static final long DRAFT = ObjectWriter.SCRATCH_BYTES;
  private static final long COPY = DRAFT + PAGE_BYTES;
  private static final long SCRATCH_BYTES = COPY + PAGE_BYTES;

  private final StoreCounters allCounters;
  private final ThreadCounters<Counter> counters;
  private final StagingWriter staging;
  private final Codecs codecs;
  private final MemorySegment scratch;
  private final PageTable table;
  private final ObjectReader objects;
  private final ObjectWriter newObjects;
  private final PageBooks books;
  private final PageReader reader;
  private final PageWriter writer;
  private final InPlaceWriter inPlace;
  private final StagedCompressor compressor;
  private final PageMover mover;

  /** {@code staging}: null if the thread compresses at once what it writes. */
  PageAccess(Pages pages, StagingWriter staging) throws LinuxException {
    PageTable table = pages.table();
    SlabArena arena = pages.arena();
    this.staging = staging;
    this.codecs = new Codecs(pages.packing());
    this.scratch = Memory.mapAnonymous(SCRATCH_BYTES);
    this.allCounters = pages.counters();
    this.counters = allCounters.open();
    MemorySegment copy = scratch.asSlice(COPY, PAGE_BYTES);
    MemorySegment page = scratch.asSlice(DRAFT, PAGE_BYTES);
    var objects = new ObjectReader(pages.file(), codecs, copy);
    var newObjects = new ObjectWriter(pages.file(), arena, codecs.packing(), scratch);
    var draft = new PageDraft(objects, page);
    var books = new PageBooks(arena, objects, counters);
    this.inPlace = new InPlaceWriter(table, objects, newObjects, draft, books, pages.spare());
    this.reader = new PageReader(table, objects, books, page);
    this.compressor = new StagedCompressor(table, objects, newObjects, books);
    this.mover = new PageMover(table, arena, objects, newObjects);
    var room = new RoomMaker(pages.arena(), pages.staging(), compressor, pages.compactor(), mover);
    this.writer =
        new PageWriter(table, newObjects, draft, books, inPlace, room, pages.moments(), staging);
    this.table = table;
    this.objects = objects;
    this.newObjects = newObjects;
    this.books = books;
  }

  public PageReader reader() {
    return reader;
  }

  public PageWriter writer() {
    return writer;
  }

  /** What the writer does when there is no memory. */
  InPlaceWriter inPlace() {
    return inPlace;
  }

  public StagedCompressor compressor() {
    return compressor;
  }

  public PageMover mover() {
    return mover;
  }

  /** Reads a moment, with the memory of this access. */
  public MomentReader readerOf(Moment moment) {
    return new MomentReader(moment, table, objects, newObjects);
  }

  /** Puts pages that another store has packed into this one, with the memory of this access. */
  public PageRestorer restorer() {
    return new PageRestorer(table, newObjects, books);
  }

  public ThreadCounters<Counter> counters() {
    return counters;
  }

  /** Ends the access, once; what it has counted is kept. */
  @Override
  public void close() {
    if (!allCounters.close(counters)) {
      return;
    }
    if (staging != null) {
      staging.close();
    }
    codecs.close();
    Memory.unmap(scratch);
  }
}
