package io.zublk.daemon.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MountTableTest {

  @TempDir private Path temp;

  @Test
  void readsNamesThatAreNoText() throws IOException {
    String lines =
        """
        30 1 8:1 / /mnt/\u00fc\rx rw - ext4 /dev/\u00e9 rw
        31 1 0:9 / /run/z/store rw shared:4 - tmpfs tmpfs rw,size=4k,noswap
        """;
    Path table = temp.resolve("self/mountinfo");
    Files.createDirectories(table.getParent());
    Files.writeString(table, lines, StandardCharsets.ISO_8859_1);
    assertThat(MountTable.read(temp.resolve("self/mountinfo"))).hasSize(2);
    assertThat(MountTable.read(temp.resolve("self/mountinfo")).getLast())
        .isEqualTo(
            new MountTable.Mount("0:9", "/run/z/store", "tmpfs", "tmpfs", "rw,size=4k,noswap"));
  }

  @Test
  void findsWhatIsMountedAtADirectory() throws IOException {
    assertThat(MountTable.at(Path.of("/proc")).orElseThrow().type()).isEqualTo("proc");
    assertThat(MountTable.at(Path.of("/proc/sys/kernel"))).isEmpty();
    assertThat(MountTable.at(temp)).isEmpty();
    assertThat(MountTable.at(temp.resolve("nothing"))).isEmpty();
    Path link = Files.createSymbolicLink(temp.resolve("link"), Path.of("/proc"));
    assertThat(MountTable.at(link)).isEmpty();
  }

  @Test
  void showsNamesOnOneLine() {
    assertThat(MountTable.unescape("/a\\040b\\134c")).isEqualTo("/a b\\c");
    assertThat(MountTable.unescape("/a\\012b")).isEqualTo("/a\\012b");
    assertThat(MountTable.unescape("/\u00c3\u00bc")).isEqualTo("/\u00fc");
  }
}
