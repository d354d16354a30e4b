package io.zublk.codec;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.StringReader;
import java.util.List;
import org.junit.jupiter.api.Test;

class CpuFeaturesTest {

  private static List<String> missing(String cpuinfo) throws IOException {
    return CpuFeatures.missing(List.of("avx2", "bmi2"), new StringReader(cpuinfo));
  }

  @Test
  void namesWhatTheFirstCpuLacks() throws IOException {
    String old = "processor\t: 0\nflags\t\t: fpu sse2 avx bmi1 avx2_not\nbugs\t\t: avx2\n";
    assertThat(missing(old)).containsExactly("avx2", "bmi2");
    assertThat(missing("flags\t\t: fpu avx2 sse2\n\nflags\t\t: avx2 bmi2\n"))
        .containsExactly("bmi2");
  }

  @Test
  void aCpuThatHasAllLacksNothing() throws IOException {
    assertThat(missing("processor\t: 0\nflags\t\t: avx2 fpu bmi2\n")).isEmpty();
  }

  @Test
  void whatDoesNotSayIsTrusted() throws IOException {
    assertThat(missing("")).isEmpty();
    assertThat(missing("processor : 0\nFeatures : fp asimd\n")).isEmpty();
  }

  @Test
  void theCpuThatRunsThisTestHasTheLeastOfItsArchitecture() {
    assertThat(CpuFeatures.missing(List.of("fpu", "sse2"))).isEmpty();
  }
}
