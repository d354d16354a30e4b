package io.zublk.daemon.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zublk.daemon.Samples;
import io.zublk.daemon.UserException;
import io.zublk.uring.sys.CpuList;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MachineTest {

  /** Two nodes of four CPUs, one of memory; this process may not use CPU 0 nor the second node. */
  private static final Machine MACHINE = Samples.machine("0-7", "1-3", "0-3", "4-7", "");

  @Test
  void thisOneHasCpus() throws IOException {
    Machine running = Machine.running();
    assertThat(running.allowedCpus().isEmpty()).isFalse();
    assertThat(running.cpus(CpuList.format(running.allowedCpus())))
        .isEqualTo(running.allowedCpus());
  }

  @Test
  void readsNodesAsTheKernelLaysThemOut(@TempDir Path directory) throws IOException {
    for (String node : new String[] {"node0", "node10"}) {
      Files.createDirectory(directory.resolve(node));
    }
    Files.writeString(directory.resolve("node0/cpulist"), "0-1\n");
    Files.writeString(directory.resolve("node10/cpulist"), "\n");
    Files.writeString(directory.resolve("online"), "0,10\n");
    assertThat(Machine.nodes(directory))
        .containsExactly(
            java.util.Map.entry(0, CpuList.parse("0-1")), java.util.Map.entry(10, new BitSet()));
    assertThat(Machine.nodes(directory.resolve("none"))).isEmpty();
  }

  @Test
  void refusesCpusThatAreNotThereOrNotOurs() {
    assertThat(MACHINE.cpus("1,3")).isEqualTo(CpuList.parse("1,3"));
    assertRefused(() -> MACHINE.cpus("1,8-9"), "no CPU 8-9", "0-7");
    assertRefused(() -> MACHINE.cpus("0-1"), "CPU 0 may not be used", "1-3");
  }

  @Test
  void refusesNodesThatAreNotThereOrNotOurs() {
    assertThat(MACHINE.cpusOfNode(0)).isEqualTo(CpuList.parse("1-3"));
    assertThat(MACHINE.cpusOfNode(2)).as("memory only").isEqualTo(CpuList.parse("1-3"));
    assertRefused(() -> MACHINE.cpusOfNode(1), "--numa-node 1", "4-7");
    assertRefused(() -> MACHINE.cpusOfNode(3), "--numa-node 3", "[0, 1, 2]");
    assertRefused(() -> Samples.machine("0", "0").cpusOfNode(0), "knows no NUMA nodes");
  }

  private static void assertRefused(
      org.assertj.core.api.ThrowableAssert.ThrowingCallable attempt, String... words) {
    assertThatThrownBy(attempt).isInstanceOf(UserException.class).hasMessageContainingAll(words);
  }
}
