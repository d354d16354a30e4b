package io.zublk.ublk.control;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zublk.block.Geometry;
import io.zublk.ublk.UblkDeviceInfo;
import io.zublk.ublk.UblkFeature;
import io.zublk.ublk.UblkOptions;
import io.zublk.ublk.UblkState;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is recovered, and what not; how is in the guests' scenarios. */
class RecoverDeviceTest {

  private static final long IDENTITY = 42;
  private static final int BYTES = 1 << 20;

  private final RecoverDevice recovery =
      new RecoverDevice(
          null,
          UblkOptions.defaults().withId(3).withCookie(IDENTITY),
          new Geometry(BYTES, Geometry.PAGE_BYTES));

  private static UblkDeviceInfo device(UblkState state, Set<UblkFeature> features, long identity) {
    return new UblkDeviceInfo(3, 1, 128, 512 << 10, state, -1, features, identity);
  }

  private static UblkDeviceInfo device(UblkState state) {
    return device(state, Set.of(UblkFeature.USER_RECOVERY), IDENTITY);
  }

  private static UblkParameters disk(long bytes, int blockBytes) {
    return new UblkParameters(bytes, blockBytes, 512 << 10, true);
  }

  private static final UblkParameters SAME = disk(BYTES, Geometry.PAGE_BYTES);

  // One that looks alive may have been killed a moment ago: the driver knows.
  @ParameterizedTest
  @EnumSource(names = "DEAD", mode = EnumSource.Mode.EXCLUDE)
  void aDeviceOfThisIdentityAndSizeIs(UblkState state) {
    assertThatCode(() -> recovery.requireSame(device(state), SAME, false))
        .doesNotThrowAnyException();
  }

  @Test
  void oneOfAnotherIdentityIsNot() {
    UblkDeviceInfo other =
        device(UblkState.QUIESCED, Set.of(UblkFeature.USER_RECOVERY), IDENTITY + 1);
    assertThatThrownBy(() -> recovery.requireSame(other, SAME, false))
        .hasMessage("ublk device 3 is another one: its identity is not ours");
  }

  @Test
  void oneThatWasStoppedIsNot() {
    assertThatThrownBy(() -> recovery.requireSame(device(UblkState.DEAD), SAME, false))
        .hasMessageStartingWith("ublk device 3 was stopped: its users have had errors");
  }

  @Test
  void oneThatEndsWithItsServerIsNot() {
    UblkDeviceInfo mortal = device(UblkState.LIVE, Set.of(), IDENTITY);
    assertThatThrownBy(() -> recovery.requireSame(mortal, SAME, false))
        .hasMessage("ublk device 3 was not made to be recovered");
  }

  @Test
  void oneOfAnotherSizeIsNot() {
    UblkDeviceInfo device = device(UblkState.QUIESCED);
    assertThatThrownBy(
            () -> recovery.requireSame(device, disk(2 * BYTES, Geometry.PAGE_BYTES), false))
        .hasMessage(
            "ublk device 3 has 2097152 bytes in blocks of 4096, what it is to be served from"
                + " 1048576 in blocks of 4096");
    assertThatThrownBy(() -> recovery.requireSame(device, disk(BYTES, 512), false))
        .hasMessageContaining("1048576 bytes in blocks of 512");
  }

  /** A server that died in the middle of changing it. */
  @Test
  void oneOfAnotherSizeIsWhereTheDriverCanChangeIt() {
    UblkDeviceInfo device = device(UblkState.QUIESCED);
    UblkParameters larger = disk(2 * BYTES, Geometry.PAGE_BYTES);
    assertThatCode(() -> recovery.requireSame(device, larger, true)).doesNotThrowAnyException();
    assertThatThrownBy(() -> recovery.requireSame(device, disk(2 * BYTES, 512), true))
        .hasMessageContaining("in blocks of 512");
  }
}
