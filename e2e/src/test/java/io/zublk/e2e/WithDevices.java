package io.zublk.e2e;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;

/** Removes the devices of each test after it. The limit only ends what hangs. */
@Timeout(600)
abstract class WithDevices extends WithRunDirectory {

  @AfterEach
  final void removeAll() throws Exception {
    zublk.run("remove", "--all", "--force").ok();
  }
}
