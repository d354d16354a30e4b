package io.zublk.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SizeExpressionTest {

  private static final long RAM = 24_000_004_096L;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "4096 | 4096",
        "4096B | 4096",
        "4K | 4096",
        "4k | 4096",
        "4KiB | 4096",
        "4KB | 4096",
        "1.5M | 1572864",
        "1G | 1073741824",
        "2T | 2199023255552",
        "0 | 0",
        "4097 | 4097",
        "9223372036854775807 | 9223372036854775807",
        "ram | 24000004096",
        "RAM/2 | 12000002048",
        "ram / 3 | 8000000000",
        "min(ram/2, 8G) | 8589934592",
        "MIN(ram / 2, 800G) | 12000002048",
        "max(1G, ram/100, 2G) | 2147483648",
        "(1G + 1M) * 2 - 4K | 2149576704",
        "10G - 2G - 1G | 7516192768",
        "8K / 2 / 2 * 4 | 8192",
        "' 4K ' | 4096",
      })
  void understands(String text, long bytes) {
    // A plain ram is an expression too, hence a whole number of pages.
    long expected = text.matches("\\d.*|' .*") && !text.contains(" ") ? bytes : bytes & -4096;
    assertThat(SizeExpression.parse(text, RAM)).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "G",
        "1X",
        "1GG",
        "1 G",
        "1.G",
        ".5G",
        "1..5G",
        "-1G",
        "1G-2G",
        "1e9",
        "1G 2G",
        "ram ram",
        "min()",
        "min(1G",
        "min 1G",
        "mix(1G)",
        "(1G",
        "1G)",
        "1G+",
        "1/0",
        "1/(ram-ram)",
        "1.5",
        "8388608T",
        "9223372036854775808",
        "٤K",
        "1KiBi",
        "1Kib2",
        "ram(1)"
      })
  void refusesInOneLine(String text) {
    assertThatThrownBy(() -> SizeExpression.parse(text, RAM))
        .isInstanceOf(UserException.class)
        .message()
        .startsWith("size ")
        .doesNotContain("\n")
        .hasSizeLessThan(200);
  }

  @Test
  void refusesWhatNobodyWrites() {
    assertThatThrownBy(() -> SizeExpression.parse("(".repeat(100_000), RAM))
        .isInstanceOf(UserException.class);
  }

  @Test
  void doubtsAnExpressionWhoseNumbersWereMeantAsMebibytes() {
    assertThat(SizeExpression.doubt("min(ram / 2, 4096)", 4096))
        .hasValueSatisfying(line -> assertThat(line).contains("is 4096 bytes"));
    assertThat(SizeExpression.doubt("4096", 4096)).isEmpty();
    assertThat(SizeExpression.doubt("4K", 4096)).isEmpty();
    assertThat(SizeExpression.doubt("ram/2", 1 << 20)).isEmpty();
  }

  @Test
  void knowsThisMachinesMemory() {
    assertThat(SizeExpression.parse("ram")).isBetween(1L << 26, 1L << 50);
  }

  /** An expression as text, with the value it has. */
  record Sample(String text, BigDecimal value) {}

  @Property
  void computesWhatItSays(@ForAll("expressions") Sample sample) {
    BigInteger bytes =
        sample.value().setScale(0, RoundingMode.DOWN).toBigInteger().shiftRight(12).shiftLeft(12);
    if (sample.text().length() > 200
        || sample.value().signum() < 0
        || sample.value().compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) > 0) {
      assertThatThrownBy(() -> SizeExpression.parse(sample.text(), RAM))
          .isInstanceOf(UserException.class);
    } else {
      assertThat(SizeExpression.parse(sample.text(), RAM)).isEqualTo(bytes.longValueExact());
    }
  }

  @Property
  void neverFailsInAnyOtherWay(@ForAll("nonsense") String text) {
    try {
      assertThat(SizeExpression.parse(text, RAM)).isNotNegative();
    } catch (UserException e) {
      assertThat(e.getMessage()).doesNotContain("\n");
    }
  }

  @Provide
  Arbitrary<String> nonsense() {
    return Arbitraries.strings().withChars("0129.kKmMgGtTramin(),+-*/ xB\u0664").ofMaxLength(20);
  }

  @Provide
  Arbitrary<Sample> expressions() {
    // At least one operation, because a plain number is taken to the byte.
    return binary(Arbitraries.lazy(() -> operand(3)));
  }

  private static Arbitrary<Sample> operand(int depth) {
    return depth == 0
        ? number()
        : Arbitraries.oneOf(number(), number(), binary(Arbitraries.lazy(() -> operand(depth - 1))));
  }

  private static Arbitrary<Sample> number() {
    return Combinators.combine(
            Arbitraries.integers().between(0, 5000), Arbitraries.integers().between(0, 4))
        .as((number, power) ->
            new Sample(
                number + " KMGT".substring(power, power + 1).strip(),
                BigDecimal.valueOf(number).multiply(BigDecimal.valueOf(1L << (10 * power)))));
  }

  private static Arbitrary<Sample> binary(Arbitrary<Sample> operand) {
    return Combinators.combine(
            operand, operand, Arbitraries.of("+", "-", "*", "/2", "min", "max", "ram"))
        .as(SizeExpressionTest::combine);
  }

  private static Sample combine(Sample left, Sample right, String operator) {
    String both = "(" + left.text() + ")" + operator + "(" + right.text() + ")";
    String call = operator + "(" + left.text() + " , " + right.text() + ")";
    MathContext exact = MathContext.DECIMAL128;
    return switch (operator) {
      case "+" -> new Sample(both, left.value().add(right.value(), exact));
      case "-" -> new Sample(both, left.value().subtract(right.value(), exact));
      case "*" -> new Sample(both, left.value().multiply(right.value(), exact));
      case "min" -> new Sample(call, left.value().min(right.value()));
      case "max" -> new Sample(call, left.value().max(right.value()));
      case "ram" ->
          new Sample(
              "ram + (" + left.text() + ")", BigDecimal.valueOf(RAM).add(left.value(), exact));
      default ->
          new Sample("(" + left.text() + ")/2", left.value().divide(BigDecimal.valueOf(2), exact));
    };
  }
}
