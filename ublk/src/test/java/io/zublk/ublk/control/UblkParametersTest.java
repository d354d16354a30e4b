package io.zublk.ublk.control;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.ublk.abi.UblkAbi;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

class UblkParametersTest {

  @Test
  void areLaidOutAsTheKernelReadsThem() {
    UblkParameters parameters = new UblkParameters(1L << 40, 512, 1 << 20, true);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment params = arena.allocate(UblkAbi.PARAMS_BYTES, 8);
      params.fill((byte) 0xff);
      parameters.write(params);
      assertThat(params.get(JAVA_INT, 0)).isEqualTo(60);
      assertThat(params.get(JAVA_INT, 4)).isEqualTo(3);
      assertThat(params.get(JAVA_INT, 8)).isEqualTo(12);
      assertThat(params.get(JAVA_BYTE, 12)).isEqualTo((byte) 9);
      assertThat(params.get(JAVA_BYTE, 13)).isEqualTo((byte) 12);
      assertThat(params.get(JAVA_INT, 16)).isEqualTo(2048);
      assertThat(params.get(JAVA_LONG, 24)).isEqualTo(1L << 31);
      assertThat(params.get(JAVA_INT, 44)).isEqualTo(4096);
      assertThat(params.get(JAVA_SHORT, 56)).isEqualTo((short) 1);
      assertThat(UblkParameters.read(params)).isEqualTo(parameters);
    }
  }

  @Test
  void discardsFitTheBytesThatOldKernelsCountInThirtyTwoBits() {
    assertThat(UblkParameters.MAX_DISCARD_BYTES).isPositive();
    assertThat(UblkParameters.MAX_DISCARD_BYTES % 4096).isZero();
  }
}
