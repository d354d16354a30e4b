package io.zublk.ublk;

/** The life of a device, in the order of {@code UBLK_S_DEV_} numbers (ublk_cmd.h). */
public enum UblkState {
  /** Added but not started, or stopped. */
  DEAD,
  /** Its disk exists and is served. */
  LIVE,
  /** Its server is gone; requests wait for another. */
  QUIESCED,
  /** Its server is gone; requests fail until there is another. */
  FAIL_IO;

  /** The state of this number; {@link #DEAD} for those that this library does not know. */
  public static UblkState of(int number) {
    return number < values().length ? values()[number] : DEAD;
  }
}
