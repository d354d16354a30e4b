/**
 * The threads of a store and what they do: compress what is staged, look after memory, and help
 * with large reads. For the package above it.
 */
package io.zublk.store.work;
