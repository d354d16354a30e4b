package io.zublk.store;

/**
 * A store's statistics, under zram's names (Documentation/admin-guide/blockdev/zram.rst), with
 * zram's meanings. Values are of one moment each, not all of the same.
 *
 * @param origDataSize bytes of the pages that are present, same-filled ones included
 * @param comprDataSize bytes they compress to
 * @param memUsedTotal all memory of the store file in bytes: arena chunks, page table, slab books,
 *     staging area
 * @param memLimit the limit of {@code memUsedTotal}, 0 if there is none
 * @param memUsedMax the most that {@code memUsedTotal} was since the store was opened
 * @param samePages pages of one repeated word
 * @param pagesCompacted pages of memory that compaction gave back, since the store was opened
 * @param hugePages pages stored as they are
 * @param hugePagesSince pages ever stored as they are, since the store was opened
 * @param lz4Pages pages compressed by LZ4
 * @param zstdPages pages compressed by Zstandard
 * @param linePages pages compressed as lines
 * @param paddedPages pages, whatever compressed them, that a full store put into the slots of
 *     larger ones
 * @param failedReads read requests that failed
 * @param failedWrites write requests that failed
 * @param invalidIo requests outside the device
 * @param notifyFree pages freed by discard or write-zeroes
 * @param checksumErrors pages found damaged
 * @param stagedPages pages that are written and not yet compressed; each counts 4096 bytes in
 *     {@code comprDataSize}
 * @param stagedPagesSince pages ever staged
 * @param unstagedPages pages that their writer compressed because the staging area was full
 * @param overtakenPages staged pages that were overwritten or discarded before a worker came
 * @param batches batches that workers compressed
 * @param sharedReads times that a worker took part in a large read
 */
public record StoreStats(
    long origDataSize,
    long comprDataSize,
    long memUsedTotal,
    long memLimit,
    long memUsedMax,
    long samePages,
    long pagesCompacted,
    long hugePages,
    long hugePagesSince,
    long lz4Pages,
    long zstdPages,
    long linePages,
    long paddedPages,
    long failedReads,
    long failedWrites,
    long invalidIo,
    long notifyFree,
    long checksumErrors,
    long stagedPages,
    long stagedPagesSince,
    long unstagedPages,
    long overtakenPages,
    long batches,
    long sharedReads) {}
