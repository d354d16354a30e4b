package io.zublk.store.file;

import io.zublk.block.Geometry;
import java.util.ArrayList;
import java.util.List;

/**
 * How large a device is, and how much of each part of its file that takes: what is beyond is
 * addresses that nobody looks at. Immutable; {@link StoreFile#extent} tells the one of now.
 */
public final class StoreExtent {

  /** A piece of the file, in bytes from its start. */
  record Range(long offset, long length) {}

  public final StoreLayout layout;
  public final Geometry geometry;
  public final long pages;
  public final int slabs;

  /** Words of a set of hints. */
  public final int hintWords;

  /** Where the slabs end, in bytes from the file's start. */
  public final long arenaEnd;

  /** What an empty device of this size occupies, in bytes. */
  public final long metadataBytes;

  private final List<Range> metadata = new ArrayList<>();

  /** Of a device of 1 to {@link StoreLayout#greatestPages} pages. */
  public StoreExtent(StoreLayout layout, long pages) {
    assert pages >= 1 && pages <= layout.greatestPages : pages;
    this.layout = layout;
    this.geometry = new Geometry(pages * Geometry.PAGE_BYTES, Geometry.PAGE_BYTES);
    this.pages = pages;
    this.slabs = StoreLayout.slabs(pages);
    this.hintWords = StoreLayout.hintWords(slabs);
    this.arenaEnd = layout.arenaOffset + (long) slabs * StoreLayout.SLAB_BYTES;
    addMetadata(0, layout.tableOffset + pages * StoreLayout.ENTRY_BYTES);
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

  /** The descriptors of its slabs. */
  Range directory() {
    return new Range(layout.directoryOffset, (long) slabs * StoreLayout.DESCRIPTOR_BYTES);
  }

  /** The hints to its slabs. */
  Range hints() {
    return new Range(layout.hintsOffset, (long) StoreLayout.HINT_SETS * hintWords * Long.BYTES);
  }
}
