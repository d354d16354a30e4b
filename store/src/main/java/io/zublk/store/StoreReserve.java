package io.zublk.store;

/**
 * Memory that a store keeps ready, so that no write asks the kernel for any.
 *
 * @param reserveBytesMax how much is to be ready; 0: writes ask the kernel
 * @param reserveBytes how much is ready now; it is part of {@link StoreStats#memUsedTotal}
 * @param reserveFailures writes of a page that found none ready, and got ENOSPC unless the new page
 *     fits into the place of the old one
 */
public record StoreReserve(long reserveBytesMax, long reserveBytes, long reserveFailures) {}
