package io.zublk.ublk;

import io.zublk.uring.sys.LinuxException;

/** What waiting for requests needs of the kernel. */
interface KernelEntry {

  /** How many completions can be read. */
  int ready();

  /** Whether {@code enter(0)} may make completions ready. Costs no system call. */
  boolean workPending();

  /** Submits all that is in the ring, and waits until {@code minimum} completions are ready. */
  void enter(int minimum) throws LinuxException;

  /** As {@link #enter(int)}, for no longer than {@code nanos}. */
  void enter(int minimum, long nanos) throws LinuxException;

  /** Lets other threads have this CPU, if any wants it. */
  void yieldCpu();
}
