package io.zublk.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code zublk tune}: what it recommends can be typed. */
class TuneTest {

  @TempDir private Path temp;
  private Zublk zublk;

  @BeforeEach
  void start() {
    zublk = new Zublk(temp);
  }

  @AfterEach
  void nothingIsLeft() throws Exception {
    zublk.assertNothingLeft();
  }

  @Test
  @Tag("long") // ten devices, one after the other
  void theRecommendedLineIsOneThatCreateTakes() throws Exception {
    String out =
        zublk
            .run(
                "tune",
                "--quiet",
                "--data",
                "w2",
                "--size",
                "8M",
                "--rounds",
                "1",
                "--goal",
                "memory")
            .ok()
            .out();
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
}
