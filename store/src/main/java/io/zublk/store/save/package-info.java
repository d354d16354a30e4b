/**
 * A store's contents of one moment in a file ({@code docs/formats/save.md}), and back. For the
 * package above it.
 */
package io.zublk.store.save;
