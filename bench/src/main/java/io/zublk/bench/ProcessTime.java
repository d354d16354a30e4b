package io.zublk.bench;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;

/** The processor time of this process, all threads, user and system. */
final class ProcessTime {

  private static final OperatingSystemMXBean SYSTEM =
      ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

  private ProcessTime() {}

  static long nanos() {
    return SYSTEM.getProcessCpuTime();
  }
}
