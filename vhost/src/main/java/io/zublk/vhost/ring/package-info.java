/** Virtio's split ring, the chains in it, and notes of those that are in flight. */
package io.zublk.vhost.ring;
