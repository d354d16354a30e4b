package io.zublk.uring.sys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;

class TasksTest {

  @Test
  void idIsTheKernelsNumberOfTheThread() {
    assertThat(Files.exists(Path.of("/proc/self/task/" + Tasks.id()))).isTrue();
  }

  @Test
  void affinityConfinesOnlyTheCallingThread() throws Exception {
    BitSet before = Tasks.affinity();
    BitSet last = new BitSet();
    last.set(before.length() - 1);
    FutureTask<BitSet> confined =
        new FutureTask<>(() -> {
          Tasks.setAffinity(last);
          return Tasks.affinity();
        });
    Thread.ofPlatform().start(confined);
    assertThat(confined.get()).isEqualTo(last);
    assertThat(Tasks.affinity()).isEqualTo(before);
  }

  @Test
  void anEmptyAffinityIsRefused() {
    assertThatThrownBy(() -> Tasks.setAffinity(new BitSet()))
        .hasMessage("sched_setaffinity to CPUs {}: Invalid argument (EINVAL)");
  }
}
