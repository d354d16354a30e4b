package io.zublk.ublk.abi;

import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.ublk.UblkFeature;
import org.junit.jupiter.api.Test;

/** Numbers compiled by a C compiler from the kernel's header, compared with ours. */
class UblkAbiTest {

  @Test
  void commandsHaveTheNumbersOfTheHeader() {
    assertThat(UblkAbi.GET_QUEUE_AFFINITY).isEqualTo(0x80207501);
    assertThat(UblkAbi.GET_DEV_INFO).isEqualTo(0x80207502);
    assertThat(UblkAbi.ADD_DEV).isEqualTo(0xc0207504);
    assertThat(UblkAbi.DEL_DEV).isEqualTo(0xc0207505);
    assertThat(UblkAbi.START_DEV).isEqualTo(0xc0207506);
    assertThat(UblkAbi.STOP_DEV).isEqualTo(0xc0207507);
    assertThat(UblkAbi.SET_PARAMS).isEqualTo(0xc0207508);
    assertThat(UblkAbi.GET_PARAMS).isEqualTo(0x80207509);
    assertThat(UblkAbi.START_USER_RECOVERY).isEqualTo(0xc0207510);
    assertThat(UblkAbi.END_USER_RECOVERY).isEqualTo(0xc0207511);
    assertThat(UblkAbi.GET_FEATURES).isEqualTo(0x80207513);
    assertThat(UblkAbi.FETCH_REQ).isEqualTo(0xc0107520);
    assertThat(UblkAbi.COMMIT_AND_FETCH_REQ).isEqualTo(0xc0107521);
    assertThat(UblkAbi.PREP_IO_CMDS).isEqualTo(0xc0107525);
    assertThat(UblkAbi.COMMIT_IO_CMDS).isEqualTo(0xc0107526);
    assertThat(UblkAbi.FETCH_IO_CMDS).isEqualTo(0xc0107527);
  }

  @Test
  void ioCommandsKeepQueueTagAndResultApart() {
    assertThat(UblkAbi.ioCommand(3, 4095, 512 << 10)).isEqualTo(0x0008_0000_0fff_0003L);
    assertThat(UblkAbi.ioCommand(0, 0, -5)).isEqualTo(0xffff_fffb_0000_0000L);
  }

  @Test
  void batchCommandsKeepTheirFieldsApart() {
    assertThat(UblkAbi.batchCommand(3, 2, 128, 16)).isEqualTo(0x0010_0080_0002_0003L);
    assertThat(UblkAbi.element(4095, -5)).isEqualTo(0xffff_fffb_0000_0fffL);
  }

  @Test
  void descriptorsOfQueuesLieAsFarApartAsThoseOfTheGreatestDepth() {
    assertThat(UblkAbi.descriptorsOffset(2, 4096)).isEqualTo(2 * 98304);
    assertThat(UblkAbi.descriptorsOffset(1, 65536)).isEqualTo(131072);
    assertThat(UblkAbi.descriptorsLength(128, 4096)).isEqualTo(4096);
    assertThat(UblkAbi.descriptorsLength(171, 4096)).isEqualTo(8192);
  }

  @Test
  void featuresHaveTheBitsOfTheHeaderAndUnknownBitsAreLeftOut() {
    assertThat(UblkFeature.fromMask(0x1fe))
        .containsExactly(
            UblkFeature.URING_CMD_COMP_IN_TASK,
            UblkFeature.NEED_GET_DATA,
            UblkFeature.USER_RECOVERY,
            UblkFeature.USER_RECOVERY_REISSUE,
            UblkFeature.UNPRIVILEGED_DEV,
            UblkFeature.CMD_IOCTL_ENCODE,
            UblkFeature.USER_COPY,
            UblkFeature.ZONED);
    assertThat(UblkFeature.fromMask(-1)).hasSize(21);
    assertThat(UblkFeature.toMask(UblkFeature.fromMask(0x1fffff))).isEqualTo(0x1fffff);
    assertThat(UblkFeature.IO_DESC_SIZE.mask()).isEqualTo(1L << 20);
  }
}
