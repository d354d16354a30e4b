package io.zublk.e2e;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A run directory for each test, whose devices are removed after it, and of which nothing is left.
 * The limit only ends what hangs.
 */
@Timeout(600)
abstract class WithDevices {

  @TempDir Path temp;
  Zublk zublk;

  @BeforeEach
  final void useRunDirectory() {
    zublk = new Zublk(temp);
  }

  /** After what a test class does itself: JUnit goes from the class to those that it extends. */
  @AfterEach
  final void removeAll() throws Exception {
    zublk.run("remove", "--all", "--force").ok();
    zublk.assertNothingLeft();
  }
}
