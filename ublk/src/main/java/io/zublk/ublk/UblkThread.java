package io.zublk.ublk;

import java.util.BitSet;

/**
 * A thread that serves requests.
 *
 * @param name its name, also in {@code /proc/PID/task/TID/comm}
 * @param queue the hardware queue whose requests it serves
 * @param cpus the CPUs it may run on
 */
public record UblkThread(String name, int queue, BitSet cpus) {

  public UblkThread {
    cpus = (BitSet) cpus.clone();
  }
}
