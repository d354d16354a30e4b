package io.zublk.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class GainTest {

  @Test
  void roundsThatDisagreeAreNoise() {
    Gain gain = Gain.of(List.of(0.63, 1.16, 1.19));
    assertThat(gain.isWorthIt()).isFalse();
    assertThat(gain).asString().contains("within noise");
  }

  @Test
  void roundsThatAgreeAreNot() {
    Gain gain = Gain.of(List.of(1.16, 1.19, 1.17, 1.15, 1.18));
    assertThat(gain.isWorthIt()).isTrue();
    assertThat(gain.factor()).isCloseTo(1.17, within(0.001));
    assertThat(gain.low()).isBetween(1.13, gain.factor());
    assertThat(gain.high()).isBetween(gain.factor(), 1.21);
    assertThat(gain).asString().startsWith("1.17 (better, ");
  }

  @Test
  void whatIsBetterByLittleIsNotWorthAnOption() {
    Gain gain = Gain.of(List.of(1.04, 1.041, 1.04, 1.039, 1.04));
    assertThat(gain.low()).isGreaterThan(1);
    assertThat(gain.isWorthIt()).isFalse();
  }

  @Test
  void aLossIsSaidToBeOne() {
    assertThat(Gain.of(List.of(0.5, 0.52, 0.49))).asString().startsWith("0.50 (worse, ");
  }

  @Test
  void oneRoundTellsNothing() {
    assertThat(Gain.of(List.of(3.0)).isWorthIt()).isFalse();
    assertThat(Gain.of(List.of(3.0))).asString().startsWith("3.00 (within noise");
  }

  @Test
  void equalDevicesAreHardlyEverRecommended() {
    Random random = new Random(1);
    long recommended =
        Stream.generate(() ->
                IntStream.range(0, 5)
                    .mapToObj(_ -> Math.exp(0.15 * random.nextGaussian()))
                    .toList())
            .limit(10_000)
            .filter(rounds -> Gain.of(rounds).isWorthIt())
            .count();
    assertThat(recommended).isBetween(1L, 60L); // half of the 1 in 100, as it can be worse as well
  }
}
