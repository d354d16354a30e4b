package io.zublk.store;

import io.zublk.store.table.PageEntry;
import java.util.Arrays;
import java.util.stream.LongStream;

/** How many pages of a store are of which kind. */
public record PageKinds(
    long same, long raw, long lz4, long zstd, long line, long padded, long staged) {

  /** As the store has counted them. */
  public static PageKinds counted(PageStore store) {
    StoreStats stats = store.stats();
    return new PageKinds(
        stats.samePages(),
        stats.hugePages(),
        stats.lz4Pages(),
        stats.zstdPages(),
        stats.linePages(),
        stats.paddedPages(),
        stats.stagedPages());
  }

  /** As its page table has them, while nobody writes. */
  public static PageKinds inTable(PageStore store) {
    return new PageKinds(
        count(store, PageEntry.FILL, PageEntry.REPEAT, PageEntry.WORD),
        count(store, PageEntry.RAW),
        count(store, PageEntry.LZ4),
        count(store, PageEntry.ZSTD),
        count(store, PageEntry.LINE),
        count(store, PageEntry.PADDED),
        count(store, PageEntry.STAGED));
  }

  private static long count(PageStore store, int... kinds) {
    return LongStream.range(0, store.geometry().sizeBytes() / TestPages.PAGE)
        .map(page -> PageEntry.kind(store.pages().table().get(page)))
        .filter(kind -> Arrays.stream(kinds).anyMatch(k -> k == kind))
        .count();
  }

  /** Of all that are present and not lost. */
  public long sum() {
    return same + raw + lz4 + zstd + line + padded + staged;
  }
}
