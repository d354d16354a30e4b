package io.zublk.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** {@code zublk tune}: what it recommends can be typed. */
class TuneTest extends WithRunDirectory {

  @Test
  void anOptionIsTriedAndTheRecommendedLineIsOneThatCreateTakes() throws Exception {
    String out = tune("--goal", "latency", "--only", "staging, poll-spin-cycles");
    assertThat(out).contains("--staging: the default as 1.00, --staging ");
    assertThat(out).contains("--poll-spin-cycles is not tried: queues are not polled");
    assertCreateTakesTheLine(out);
  }

  @Test
  @Tag("long") // three devices that must come to rest
  void forMemoryTheCodecAloneIsTried() throws Exception {
    String out = tune("--goal", "memory");
    assertThat(out).contains("--algorithm: the default as 1.00, --algorithm line+lz4 ");
    assertThat(out).doesNotContain("--workers");
    assertCreateTakesTheLine(out);
  }

  @Test
  @Tag("long") // some twenty devices
  void everyOptionIsTriedOrItIsSaidWhyNot() throws Exception {
    String out = tune();
    assertThat(out.lines().filter(line -> line.startsWith("- --")))
        .as(out)
        .hasSizeGreaterThan(8)
        .allMatch(
            line -> line.contains("the default as 1.00, ") || line.contains("is not tried: "));
    assertCreateTakesTheLine(out);
  }

  private String tune(String... more) throws Exception {
    String[] least = {
      "tune", "--quiet", "--data", "w2", "--size", "8M", "--rounds", "1", "--seconds", "0.05"
    };
    return zublk
        .run(Stream.concat(Stream.of(least), Stream.of(more)).toArray(String[]::new))
        .ok()
        .out();
  }

  @Test
  void oneRoundIsNoReasonForAnyOption() throws Exception {
    assertThat(tune("--goal", "latency", "--only", "batch-pages").replaceAll("\\s+", " "))
        .contains("--batch-pages 128 ", "(within noise: one round tells nothing)")
        .contains("; the default stays", "recommended zublk create --size SIZE --algorithm lz4 ");
  }

  private void assertCreateTakesTheLine(String out) throws Exception {
    String line = out.lines().filter(l -> l.contains("zublk create")).findFirst().orElseThrow();
    assertThat(line).contains("recommended").contains("--size SIZE").contains("--algorithm ");
    String[] create =
        line.substring(line.indexOf("create")).replace("SIZE", "8M").replace("'", "").split(" +");
    String device = zublk.run(create).ok().line();
    zublk.run("remove", device).ok();
  }

  @Test
  void anUnknownGoalIsRefused() throws Exception {
    zublk.run("tune", "--goal", "fame").refused("fame", "LATENCY");
  }

  @Test
  void anOptionThatIsNothingToTuneIsRefused() throws Exception {
    zublk.run("tune", "--only", "size").refused("--size is nothing to tune", "--queue-depth");
  }
}
