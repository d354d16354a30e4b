package io.zublk.ublk.control;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zublk.ublk.UblkException;
import io.zublk.uring.sys.Errnos;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class DeleteDeviceTest {

  private static void refuse(int errno) throws IOException {
    throw new UblkException("refused", errno);
  }

  @Test
  void aDeviceThatSomebodyElseHasDeletedIsNoFailure() throws IOException {
    DeleteDevice.ignoringAbsence(() -> refuse(Errnos.ENODEV));
  }

  @Test
  void anyOtherRefusalIsOne() {
    assertThatThrownBy(() -> DeleteDevice.ignoringAbsence(() -> refuse(Errnos.EPERM)))
        .hasMessage("refused");
  }
}
