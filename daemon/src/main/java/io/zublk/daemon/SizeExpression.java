package io.zublk.daemon;

import static io.zublk.block.Geometry.PAGE_BYTES;

import io.zublk.daemon.launch.MemoryRoom;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Locale;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * A size as users write it: {@code 4096}, {@code 1.5G}, {@code ram/2}, {@code min(ram / 2, 8G)}.
 *
 * <p>Numbers take a suffix K, M, G or T (powers of 1024; {@code KiB}, {@code KB} and so on mean the
 * same). {@code ram} is the memory of the machine, or of the memory cgroup if that has less. There
 * are {@code + - * /}, brackets, {@code min} and {@code max}. A plain number is taken to the byte;
 * the value of an expression is rounded down to a whole page, because {@code ram/3} seldom is one.
 *
 * <p>The grammar is zram-generator's as far as sizes need it (zram-generator.conf(5), "zram-size").
 */
public final class SizeExpression {

  /** Longer than any sensible expression; bounds the work and the depth of brackets. */
  private static final int MAX_LENGTH = 200;

  private static final long LEAST_MEANT = 1 << 20;
  private static final BigDecimal MAX = BigDecimal.valueOf(Long.MAX_VALUE);
  private static final String SUFFIXES = "kmgt";

  private final String text;
  private final LongSupplier ramBytes;
  private int position;
  private boolean computed;

  private SizeExpression(String text, LongSupplier ramBytes) {
    this.text = text.toLowerCase(Locale.ROOT);
    this.ramBytes = ramBytes;
  }

  /** The value of {@code text} in bytes on this machine. */
  public static long parse(String text) {
    return parse(text, MemoryRoom::totalBytes);
  }

  /**
   * The value of {@code text} in bytes on a machine with {@code ramBytes} of memory.
   *
   * @throws UserException if it is no size, negative, not a whole number of bytes, or above 2^63 -
   *     1
   */
  static long parse(String text, long ramBytes) {
    return parse(text, () -> ramBytes);
  }

  private static long parse(String text, LongSupplier ramBytes) {
    if (text.length() > MAX_LENGTH) {
      throw new UserException("size is longer than " + MAX_LENGTH + " characters");
    }
    return new SizeExpression(text, ramBytes).value(text);
  }

  /**
   * What to say about an expression whose value nobody can have meant, such as zram-generator's.
   */
  public static Optional<String> doubt(String text, long bytes) {
    boolean plain = text.strip().matches("[0-9.]+[A-Za-z]*");
    return plain || bytes >= LEAST_MEANT
        ? Optional.empty()
        : Optional.of(
            "size '%s' is %d bytes: a number without K, M, G or T counts bytes"
                .formatted(text, bytes));
  }

  private long value(String original) {
    BigDecimal value = sum();
    skipBlanks();
    if (position < text.length()) {
      throw unexpected();
    }
    if (value.signum() < 0 || value.compareTo(MAX) > 0) {
      throw new UserException("size '" + original + "' is not in 0..2^63-1 bytes");
    }
    if (computed) {
      long bytes = value.setScale(0, RoundingMode.DOWN).longValueExact();
      return bytes - bytes % PAGE_BYTES;
    }
    if (value.stripTrailingZeros().scale() > 0) {
      throw new UserException("size '" + original + "' is not a whole number of bytes");
    }
    return value.longValueExact();
  }

  private BigDecimal sum() {
    BigDecimal value = product();
    while (true) {
      if (accept('+')) {
        value = value.add(product(), MathContext.DECIMAL128);
      } else if (accept('-')) {
        value = value.subtract(product(), MathContext.DECIMAL128);
      } else {
        return value;
      }
      computed = true;
    }
  }

  private BigDecimal product() {
    BigDecimal value = factor();
    while (true) {
      if (accept('*')) {
        value = value.multiply(factor(), MathContext.DECIMAL128);
      } else if (accept('/')) {
        BigDecimal divisor = factor();
        if (divisor.signum() == 0) {
          throw new UserException("size '" + text + "' divides by zero");
        }
        value = value.divide(divisor, MathContext.DECIMAL128);
      } else {
        return value;
      }
      computed = true;
    }
  }

  private BigDecimal factor() {
    if (accept('(')) {
      BigDecimal value = sum();
      expect(')');
      return value;
    }
    return position < text.length() && Character.isLetter(text.charAt(position))
        ? named(word())
        : number();
  }

  private BigDecimal named(String word) {
    computed = true;
    return switch (word) {
      case "ram" -> BigDecimal.valueOf(ramBytes.getAsLong());
      case "min", "max" -> smallestOrLargest(word.equals("min"));
      default ->
          throw new UserException(
              "size '" + text + "': '" + word + "' is not known; there are ram, min and max");
    };
  }

  private BigDecimal smallestOrLargest(boolean smallest) {
    expect('(');
    BigDecimal value = sum();
    while (accept(',')) {
      BigDecimal next = sum();
      value = smallest ? value.min(next) : value.max(next);
    }
    expect(')');
    return value;
  }

  private BigDecimal number() {
    int start = position;
    while (position < text.length() && isNumeral(text.charAt(position))) {
      position++;
    }
    String digits = text.substring(start, position);
    if (!digits.matches("\\d+(\\.\\d+)?")) {
      position = start;
      throw unexpected();
    }
    return new BigDecimal(digits).multiply(BigDecimal.valueOf(unit()));
  }

  private long unit() {
    String suffix = word();
    if (suffix.isEmpty() || suffix.equals("b")) {
      return 1;
    }
    int power = SUFFIXES.indexOf(suffix.charAt(0)) + 1;
    if (power == 0 || !(suffix.length() == 1 || suffix.matches(".i?b"))) {
      throw new UserException(
          "size '" + text + "': suffix '" + suffix + "' is not known; there are K, M, G and T");
    }
    return 1L << (10 * power);
  }

  private String word() {
    int start = position;
    while (position < text.length() && Character.isLetter(text.charAt(position))) {
      position++;
    }
    return text.substring(start, position);
  }

  private static boolean isNumeral(char c) {
    return (c >= '0' && c <= '9') || c == '.';
  }

  private boolean accept(char wanted) {
    skipBlanks();
    if (position < text.length() && text.charAt(position) == wanted) {
      position++;
      skipBlanks();
      return true;
    }
    return false;
  }

  private void expect(char wanted) {
    if (!accept(wanted)) {
      throw unexpected();
    }
  }

  private void skipBlanks() {
    while (position < text.length() && Character.isWhitespace(text.charAt(position))) {
      position++;
    }
  }

  private UserException unexpected() {
    String found = position < text.length() ? "'" + text.substring(position) + "'" : "its end";
    return new UserException(
        "size '" + text + "' is not understood at " + found + "; write 4G, ram/2, min(ram/2, 8G)");
  }
}
