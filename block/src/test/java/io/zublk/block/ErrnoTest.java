package io.zublk.block;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ErrnoTest {

  @ParameterizedTest
  @ValueSource(ints = {0, -1, -Errno.EIO, -Errno.ENOSPC, -4095})
  void takesZeroAndNegatedErrorsAsTheyAre(int result) {
    assertThat(Errno.resultOrEio(result)).isEqualTo(result);
  }

  @Test
  void takesWhatIsNoResultForAnIoError() {
    for (int result : new int[] {1, 4096, Integer.MAX_VALUE, -4096, Integer.MIN_VALUE}) {
      assertThat(Errno.resultOrEio(result)).isEqualTo(-Errno.EIO);
    }
  }
}
