package io.zublk.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class GeometryTest {

  private final Geometry geometry = new Geometry(1 << 20, 4096);

  @Test
  void containsRangesUpToItsEnd() {
    assertThat(geometry.contains(0, 1 << 20)).isTrue();
    assertThat(geometry.contains(1 << 20, 0)).isTrue();
    assertThat(geometry.contains(4095, 1)).isTrue();
  }

  @Test
  void rejectsRangesOutsideAndOverflow() {
    assertThat(geometry.contains(0, (1 << 20) + 1)).isFalse();
    assertThat(geometry.contains(-1, 1)).isFalse();
    assertThat(geometry.contains(1, -1)).isFalse();
    assertThat(geometry.contains(4096, Long.MAX_VALUE)).isFalse();
  }

  @Test
  void refusesSizesThatAreNoMultipleOfTheBlock() {
    assertThatThrownBy(() -> new Geometry(4097, 4096)).hasMessageContaining("4097");
    assertThatThrownBy(() -> new Geometry(0, 4096)).hasMessageContaining("size 0");
    assertThatThrownBy(() -> new Geometry(4096, 1000)).hasMessageContaining("1000");
  }
}
