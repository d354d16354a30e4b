package io.zublk.store.file;

import io.zublk.block.Geometry;
import java.util.ArrayList;
import java.util.List;

/**
 * How large a device is, and how much of each part of its file that takes: what is beyond is
 * addresses that nobody looks at. Immutable; {@link StoreFile#extent} tells the one of now.
 *
 * <p>The arena is as large as the largest size needs that the device has ever had: in one that was
 * made smaller, objects may lie anywhere.
 */
public final class StoreExtent {

  /** A piece of the file, in bytes from its start. */
  record Range(long offset, long length) {}

  public final StoreLayout layout;
  public final Geometry geometry;
  public final long pages;

  /** The most pages that the device has ever had. */
  public final long arenaPages;

  public final int slabs;

  /** Words of a set of hints. */
  public final int hintWords;

  /** Where the slabs end, in bytes from the file's start. */
  public final long arenaEnd;

  /** What an empty device of this size occupies, in bytes. */
  public final long metadataBytes;

  private final List<Range> metadata = new ArrayList<>();

  /** Of a device of 1 to {@link StoreLayout#greatestPages} pages that never had more. */
  public StoreExtent(StoreLayout layout, long pages) {
    this(layout, pages, pages);
  }

  /** Of a device that has had up to {@code arenaPages} pages. */
  StoreExtent(StoreLayout layout, long pages, long arenaPages) {
    assert pages >= 1 && pages <= arenaPages && arenaPages <= layout.greatestPages : pages;
    this.layout = layout;
    this.geometry = new Geometry(pages * Geometry.PAGE_BYTES, Geometry.PAGE_BYTES);
    this.pages = pages;
    this.arenaPages = arenaPages;
    this.slabs = StoreLayout.slabs(arenaPages);
    this.hintWords = StoreLayout.hintWords(slabs);
    this.arenaEnd = layout.arenaOffset + (long) slabs * StoreLayout.SLAB_BYTES;
    addMetadata(0, tableEnd());
    addMetadata(layout.directoryOffset, directory().length);
    // To where the arena begins, if the device is as large as it can be.
    long hintsEnd =
        StoreLayout.roundUp(layout.hintsOffset + hints().length, StoreLayout.CHUNK_ALIGNMENT);
    addMetadata(layout.hintsOffset, hintsEnd - layout.hintsOffset);
    addMetadata(layout.spareOffset, Geometry.PAGE_BYTES);
    this.metadataBytes = metadata.stream().mapToLong(Range::length).sum();
  }

  /** Of a device of so many pages that is made now. */
  public static StoreExtent ofNew(long pages) {
    return new StoreExtent(StoreLayout.ofNew(pages), pages);
  }

  /** Of the same device with so many pages. */
  public StoreExtent resizedTo(long newPages) {
    return new StoreExtent(layout, newPages, Math.max(arenaPages, newPages));
  }

  /** Parts that touch may share a page, which counts once. */
  private void addMetadata(long offset, long length) {
    long before = metadata.isEmpty() ? 0 : end(metadata.getLast());
    long from = Math.max(before, offset / Geometry.PAGE_BYTES * Geometry.PAGE_BYTES);
    long to = StoreLayout.roundUp(offset + length, Geometry.PAGE_BYTES);
    metadata.add(new Range(from, Math.max(to - from, 0)));
  }

  private static long end(Range range) {
    return range.offset + range.length;
  }

  /** What has memory as long as the device is: whole pages, without those of length 0. */
  List<Range> metadata() {
    return metadata.stream().filter(range -> range.length > 0).toList();
  }

  /** What lies between the metadata, before the arena, and needs none: whole pages. */
  List<Range> gaps() {
    List<Range> gaps = new ArrayList<>();
    for (int i = 1; i < metadata.size(); i++) {
      long from = end(metadata.get(i - 1));
      long to = i < metadata.size() - 1 ? metadata.get(i).offset : layout.arenaOffset;
      if (from < to) {
        gaps.add(new Range(from, to - from));
      }
    }
    return gaps;
  }

  /** Where the page table ends, in bytes from the file's start. */
  long tableEnd() {
    return layout.tableOffset + pages * StoreLayout.ENTRY_BYTES;
  }

  /** The descriptors of its slabs. */
  Range directory() {
    return new Range(layout.directoryOffset, (long) slabs * StoreLayout.DESCRIPTOR_BYTES);
  }

  /** The hints to its slabs. */
  Range hints() {
    long whole = StoreLayout.roundUp(hintWords, StoreLayout.HINT_GROUP_WORDS);
    int words = Math.toIntExact(Math.min(whole, layout.greatestHintWords));
    return new Range(layout.hintsOffset, StoreLayout.hintBytes(words));
  }
}
