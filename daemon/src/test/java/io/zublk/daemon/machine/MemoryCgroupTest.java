package io.zublk.daemon.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MemoryCgroupTest {

  private static final long MIB = 1 << 20;

  @TempDir private Path temp;
  private Path membership;
  private Path mount;

  @BeforeEach
  void makeRoots() throws IOException {
    membership = temp.resolve("cgroup");
    mount = Files.createDirectory(temp.resolve("fs"));
  }

  private void file(String path, String content) throws IOException {
    Path file = mount.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, content + "\n");
  }

  private MemoryCgroup tightest() {
    return MemoryCgroup.tightest(membership, mount).orElse(null);
  }

  @Test
  void ofVersion2TheAncestorWithTheLeastLeft() throws IOException {
    Files.writeString(membership, "0::/a/b/c\n");
    file("a/b/c/memory.max", "max");
    file("a/b/c/memory.high", "max");
    file("a/b/memory.max", "" + 300 * MIB);
    file("a/b/memory.stat", "anon 1048576\nfile 99999999\nshmem 2097152\nshmem_thp 9999999");
    file("a/memory.max", "" + 400 * MIB);
    file("a/memory.stat", "anon " + 200 * MIB);
    assertThat(tightest()).isEqualTo(new MemoryCgroup(mount.resolve("a"), 400 * MIB, 200 * MIB));
    file("a/b/memory.high", "" + 150 * MIB);
    assertThat(tightest()).isEqualTo(new MemoryCgroup(mount.resolve("a/b"), 150 * MIB, 3 * MIB));
    assertThat(tightest().freeBytes()).isEqualTo(147 * MIB);
  }

  @Test
  void ofVersion1TheMemoryController() throws IOException {
    Files.writeString(membership, "5:cpu,cpuacct:/x\n4:memory,misc:/docker/1\n0::/\n");
    file("memory/docker/1/memory.limit_in_bytes", "" + 160 * MIB);
    file("memory/docker/1/memory.stat", "rss 1\ntotal_rss 5242880\ntotal_shmem 1048576");
    file("memory/memory.limit_in_bytes", "9223372036854771712");
    assertThat(tightest())
        .isEqualTo(new MemoryCgroup(mount.resolve("memory/docker/1"), 160 * MIB, 6 * MIB));
  }

  @Test
  void inAContainerWhosePathIsTheHostsTheGroupThatIsMounted() throws IOException {
    Files.writeString(membership, "0::/docker/77\n");
    file("memory.max", "" + 64 * MIB);
    assertThat(tightest()).isEqualTo(new MemoryCgroup(mount, 64 * MIB, 0));
    Files.writeString(membership, "0::/../outside\n");
    assertThat(tightest()).isEqualTo(new MemoryCgroup(mount, 64 * MIB, 0));
  }

  @Test
  void withoutLimitsThereIsNone() throws IOException {
    assertThat(tightest()).isNull();
    Files.writeString(membership, "0::/a\n4:memory:/a\n");
    assertThat(tightest()).isNull();
    file("a/memory.max", "max");
    assertThat(tightest()).isNull();
  }
}
