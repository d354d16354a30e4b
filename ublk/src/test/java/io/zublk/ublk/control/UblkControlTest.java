package io.zublk.ublk.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.zublk.block.Geometry;
import io.zublk.ublk.UblkException;
import io.zublk.ublk.UblkFeature;
import io.zublk.ublk.UblkOptions;
import io.zublk.ublk.UblkServer;
import io.zublk.ublk.examples.NullDevice;
import io.zublk.uring.Ring;
import io.zublk.uring.RingOptions;
import io.zublk.uring.sys.Errnos;
import io.zublk.uring.sys.LinuxFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;

/** What is said where there is no driver; with one, the guest scenarios speak. */
class UblkControlTest {

  private static void assumeNoDriver() {
    assumeFalse(Files.exists(Path.of("/dev/ublk-control")), "the driver is here");
  }

  @Test
  void aMissingDriverIsNamedWithTheRemedy() {
    assumeNoDriver();
    assertThatThrownBy(UblkControl::open)
        .isInstanceOfSatisfying(
            UblkException.class, e -> assertThat(e.errno()).isEqualTo(Errnos.ENOENT))
        .hasMessage(
            "the kernel has no ublk driver (no /dev/ublk-control);"
                + " load it with: modprobe ublk_drv");
  }

  @Test
  void aServerThatCannotStartLeavesNoThread() {
    assumeNoDriver();
    NullDevice device = new NullDevice(new Geometry(1 << 20, 4096));
    assertThatThrownBy(() -> UblkServer.start(device, UblkOptions.defaults(), (_, _) -> {}))
        .hasMessageContaining("no ublk driver");
    assertThat(Thread.getAllStackTraces().keySet())
        .noneMatch(thread -> thread.getName().startsWith("ublk"));
  }

  @Test
  void aCommandThatWasNotSentIsNotSentInPlaceOfTheNext() throws Exception {
    // /dev/null answers every command with 0, which is a driver without features.
    LinuxFile file = LinuxFile.open(Path.of("/dev/null"), LinuxFile.O_RDWR, 0);
    try (UblkControl control =
        new UblkControl(file, Ring.open(new RingOptions(1, 0, true, true)))) {
      // A ring of one thread lets no other thread enter.
      FutureTask<Set<UblkFeature>> elsewhere = new FutureTask<>(control::features);
      Thread.ofPlatform().start(elsewhere);
      assertThatThrownBy(elsewhere::get).hasCauseInstanceOf(UblkException.class);
      assertThat(control.features()).isEmpty();
      assertThat(control.features()).isEmpty();
    }
  }

  @Test
  void aDriverWithoutWhatAServerNeedsIsTooOld() throws Exception {
    LinuxFile file = LinuxFile.open(Path.of("/dev/null"), LinuxFile.O_RDWR, 0);
    try (UblkControl control =
        new UblkControl(file, Ring.open(new RingOptions(1, 0, true, false)))) {
      assertThatThrownBy(control::requireUsable)
          .hasMessage("this kernel's ublk driver is too old; it needs Linux 6.5");
    }
  }

  @Test
  void aDriverThatDoesNotKnowItsFeaturesIsTooOld() throws Exception {
    // A file without commands refuses the question, as drivers before 6.5 do.
    LinuxFile file = LinuxFile.memory("driver", 0);
    try (UblkControl control =
        new UblkControl(file, Ring.open(new RingOptions(1, 0, true, false)))) {
      assertThatThrownBy(control::requireUsable)
          .hasMessage("this kernel's ublk driver is too old; it needs Linux 6.5");
    }
  }

  @Test
  void aMachineWithoutTheDriverHasNoDevices() throws Exception {
    assumeNoDriver();
    assertThat(UblkControl.deviceIds()).isEmpty();
  }
}
