package io.zublk.daemon.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.block.RateLimitedLog;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The loggers that all modules use, as they get them. */
class DeviceLoggersTest {

  private final System.Logger logger = System.getLogger("io.zublk.some");

  @TempDir private Path temp;
  private DeviceLog log;

  @BeforeEach
  void attach() {
    log = new DeviceLog();
    log.attach(temp.resolve("log"));
    DeviceLoggers.writeTo(log);
  }

  @AfterEach
  void detach() {
    DeviceLoggers.writeTo(null);
    log.detach();
  }

  private String logged() throws Exception {
    return Files.exists(temp.resolve("log")) ? Files.readString(temp.resolve("log")) : "";
  }

  @Test
  void writeToTheDevicesLog() throws Exception {
    logger.log(Level.WARNING, "cannot serve {0}", "client 5");
    logger.log(Level.INFO, "a plain {line}");
    logger.log(Level.DEBUG, "nobody asked");
    assertThat(logged())
        .hasLineCount(2)
        .contains("io.zublk.some: cannot serve client 5", "io.zublk.some: a plain {line}");
  }

  @Test
  void aFaultIsLoggedWithItsTraceOnce() throws Exception {
    RateLimitedLog limited = new RateLimitedLog("io.zublk.some");
    for (int i = 0; i < 1000; i++) {
      limited.fault("the device failed", new IllegalStateException("broken " + i));
      limited.warning("hung up on a client", "client " + i);
    }
    assertThat(logged())
        .contains("the device failed: IllegalStateException: broken 0", "\tat io.zublk.daemon.")
        .contains("hung up on a client: client 0")
        .doesNotContain("broken 1", "client 1");
  }
}
