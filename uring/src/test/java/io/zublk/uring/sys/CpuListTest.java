package io.zublk.uring.sys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.BitSet;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CpuListTest {

  @Test
  void readsAndWritesWhatTheKernelDoes() {
    BitSet cpus = CpuList.parse("4-7,1, 2\n");
    assertThat(cpus.stream()).containsExactly(1, 2, 4, 5, 6, 7);
    assertThat(CpuList.format(cpus)).isEqualTo("1-2,4-7");
    assertThat(CpuList.parse("\n")).isEqualTo(new BitSet());
  }

  @Property
  void whatIsWrittenReadsTheSame(@ForAll Set<@IntRange(max = 8191) Integer> numbers) {
    BitSet cpus = new BitSet();
    numbers.forEach(cpus::set);
    assertThat(CpuList.parse(CpuList.format(cpus))).isEqualTo(cpus);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"a", "1,", ",", "-1", "3-1", "1-", "8192", "1..2", "1-2-3", "99999999999"})
  void refusesWhatIsNoList(String list) {
    assertThatThrownBy(() -> CpuList.parse(list))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(list);
  }
}
