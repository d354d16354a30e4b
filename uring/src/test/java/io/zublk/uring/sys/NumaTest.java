package io.zublk.uring.sys;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class NumaTest {

  @Test
  void memoryOfTheFirstNodeCanBeUsed() throws LinuxException {
    assumeTrue(Files.exists(Path.of("/proc/self/numa_maps")), "needs a kernel with CONFIG_NUMA");
    MemorySegment mapping = Memory.mapAnonymous(1 << 20);
    Numa.bind(mapping, 0);
    mapping.set(JAVA_BYTE, 0, (byte) 1);
    assertThat(mapping.get(JAVA_BYTE, 0)).isEqualTo((byte) 1);
    Memory.unmap(mapping);
  }

  @Test
  void nodesBeyondTheKernelsLimitAreRefused() {
    assertThatThrownBy(() -> Numa.prefer(1024)).hasMessageContaining("0..1023");
  }
}
