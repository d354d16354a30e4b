package io.zublk.daemon;

import java.util.Locale;

/** What becomes of a device in the background whose process dies. */
public enum OnCrash {
  /** Its keeper has another process take it into service again. */
  RECOVER,

  /** It stays dead, with what it holds. */
  KEEP;

  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
