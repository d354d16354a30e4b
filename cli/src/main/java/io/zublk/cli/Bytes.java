package io.zublk.cli;

import java.util.Locale;

/** Numbers of bytes for people, as util-linux writes them: 4K, 1.5M, 12G. */
final class Bytes {

  private static final String UNITS = "BKMGTPE";

  private Bytes() {}

  /** At most one decimal, rounded to nearest; none where it would be zero. */
  static String human(long bytes) {
    int power = bytes <= 0 ? 0 : (63 - Long.numberOfLeadingZeros(bytes)) / 10;
    long tenths = Math.round(bytes * 10.0 / (1L << (10 * power)));
    if (tenths == 10240 && power + 1 < UNITS.length()) {
      power++; // 1023.96K is 1M
      tenths = 10;
    }
    String number =
        tenths % 10 == 0
            ? Long.toString(tenths / 10)
            : String.format(Locale.ROOT, "%d.%d", tenths / 10, tenths % 10);
    return number + UNITS.charAt(power);
  }
}
