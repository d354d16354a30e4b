package io.zublk.daemon;

import java.util.Locale;

/** How requests reach a device. */
public enum TransportKind {
  /** ublk if the kernel has it and we may use it, else NBD. */
  AUTO,
  UBLK,
  NBD,
  /** vhost-user-blk; for who asks for it. */
  VHOST;

  /** The name on the command line and in {@code stat}. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
