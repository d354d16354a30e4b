/** The memory that a client shares, and what may happen when it is touched. */
package io.zublk.vhost.memory;
