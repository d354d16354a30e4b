package io.zublk.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A device in a memory cgroup that has less than its data: it says ENOSPC, and lives. */
class MemoryCgroupTest {

  private static final int MIB = 1 << 20;

  @TempDir private Path temp;
  private Zublk zublk;
  private Path group;

  @BeforeEach
  void makeGroup() throws Exception {
    zublk = new Zublk(temp);
    String name = "zublk-test-" + ProcessHandle.current().pid();
    group =
        Stream.of("/sys/fs/cgroup/memory", "/sys/fs/cgroup")
            .map(mount -> Path.of(mount, name))
            .filter(MemoryCgroupTest::canBeMade)
            .findFirst()
            .orElse(null);
    assumeTrue(group != null, "this user may not make a memory cgroup");
    Files.writeString(limit(), "" + 200L * MIB);
  }

  private static boolean canBeMade(Path directory) {
    try {
      Files.createDirectory(directory);
      if (Files.exists(directory.resolve("memory.stat"))) {
        return true;
      }
      Files.delete(directory);
      return false;
    } catch (IOException e) {
      return false;
    }
  }

  private Path limit() {
    Path version2 = group.resolve("memory.max");
    return Files.exists(version2) ? version2 : group.resolve("memory.limit_in_bytes");
  }

  @AfterEach
  void removeGroup() throws Exception {
    if (group != null) {
      zublk.run("remove", "--all", "--force").ok();
      zublk.assertNothingLeft();
      while (!Files.readString(group.resolve("cgroup.procs")).isBlank()) {
        Thread.sleep(10);
      }
      Files.delete(group);
    }
  }

  @Test
  void moreDataThanItTakesIsRefusedAndNothingIsKilled() throws Exception {
    String join = "echo $$ > '" + group + "/cgroup.procs'; exec \"$0\" \"$@\"";
    Process create =
        zublk.start(
            List.of("sh", "-c", join), "create", "-s", "400M", "--transport", "nbd", "-a", "none");
    Zublk.Result created = zublk.await(create).ok();
    assertThat(created.err()).contains("--mem-limit ", "because the memory cgroup " + group);
    String uri = created.line();
    Object pid = zublk.stat(0).get("pid");

    byte[] noise = new byte[180 * MIB];
    new Random(3).nextBytes(noise);
    Path image = Files.write(temp.resolve("image"), noise);
    Process copy = new ProcessBuilder("nbdcopy", image.toString(), uri).start();
    assertThat(copy.waitFor()).as("more than the cgroup has").isNotZero();
    assertThat(zublk.stat(0)).containsEntry("pid", pid).containsEntry("checksum_errors", 0);
  }
}
