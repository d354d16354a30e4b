package io.zublk.e2e;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** A run directory for each test, of whose devices nothing is left after it. */
abstract class WithRunDirectory {

  /** Of a test that fails it stays, with devices' logs and the reports of JVMs that crashed. */
  @TempDir(cleanup = CleanupMode.ON_SUCCESS)
  Path temp;

  Zublk zublk;

  @BeforeEach
  final void useRunDirectory() {
    zublk = new Zublk(temp);
  }

  /** After what a test class does itself: JUnit goes from the class to those that it extends. */
  @AfterEach
  final void nothingIsLeft() throws Exception {
    zublk.assertNothingLeft();
  }
}
