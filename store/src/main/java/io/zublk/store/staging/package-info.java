/**
 * The staging area: written pages that are acknowledged and wait to be compressed. For the packages
 * of this module above it.
 */
package io.zublk.store.staging;
