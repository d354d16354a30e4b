/** Linux for Java through the foreign-function interface; the system calls are in {@code sys}. */
package io.zublk.uring;
