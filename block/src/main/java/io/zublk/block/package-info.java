/**
 * The narrow waist of zublk: what a transport (ublk, NBD) may ask of a store, and nothing more.
 *
 * <p>Transports depend on this package and on no store; stores depend on it and on no transport.
 */
package io.zublk.block;
