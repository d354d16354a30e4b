/** Requests: the threads that serve rings, and what they have the device do. */
package io.zublk.vhost.io;
