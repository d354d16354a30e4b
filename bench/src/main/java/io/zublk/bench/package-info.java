/** Measurements of zublk beside its rivals; nothing of the product depends on this package. */
package io.zublk.bench;
