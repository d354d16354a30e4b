package io.zublk.ublk;

import java.util.EnumSet;
import java.util.Set;

/** What a ublk driver can do beyond its first version ({@code UBLK_F_} in ublk_cmd.h). */
public enum UblkFeature {
  SUPPORT_ZERO_COPY(0),
  URING_CMD_COMP_IN_TASK(1),
  NEED_GET_DATA(2),
  USER_RECOVERY(3),
  USER_RECOVERY_REISSUE(4),
  UNPRIVILEGED_DEV(5),
  CMD_IOCTL_ENCODE(6),
  USER_COPY(7),
  ZONED(8),
  USER_RECOVERY_FAIL_IO(9),
  UPDATE_SIZE(10),
  AUTO_BUF_REG(11),
  QUIESCE(12),
  PER_IO_DAEMON(13),
  BUF_REG_OFF_DAEMON(14),
  BATCH_IO(15),
  INTEGRITY(16),
  SAFE_STOP_DEV(17),
  NO_AUTO_PART_SCAN(18),
  SHMEM_ZC(19),
  IO_DESC_SIZE(20);

  private final long mask;

  UblkFeature(int bit) {
    this.mask = 1L << bit;
  }

  /** The feature's bit in {@code ublksrv_ctrl_dev_info.flags}. */
  public long mask() {
    return mask;
  }

  /** The features whose bits are set; bits unknown to this library are left out. */
  public static Set<UblkFeature> fromMask(long flags) {
    EnumSet<UblkFeature> features = EnumSet.noneOf(UblkFeature.class);
    for (UblkFeature feature : values()) {
      if ((flags & feature.mask) != 0) {
        features.add(feature);
      }
    }
    return features;
  }

  /** The bits of features. */
  public static long toMask(Set<UblkFeature> features) {
    return features.stream().mapToLong(UblkFeature::mask).reduce(0, (a, b) -> a | b);
  }
}
