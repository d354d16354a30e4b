package io.zublk.store;

/**
 * What {@link PageStore#save} has written.
 *
 * @param pages those that are not absent
 * @param lostPages of those, the ones that are damaged: reading them fails, here and in what is
 *     restored
 */
public record SavedPages(long pages, long lostPages) {}
