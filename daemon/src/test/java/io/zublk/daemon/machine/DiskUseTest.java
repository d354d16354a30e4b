package io.zublk.daemon.machine;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiskUseTest {

  private static final String ROOT = "22 1 8:1 / / rw - ext4 /dev/sda1 rw";

  @TempDir private Path temp;
  private DiskUse disk;

  @BeforeEach
  void makeMachine() throws IOException {
    part("sys/block/ublkb3", "259:3");
    part("sys/block/ublkb3/ublkb3p1", "259:4");
    write("sys/block/ublkb3/ublkb3p1/partition", "1");
    mounts("");
    write("proc/swaps", "Filename\tType\tSize\n");
    disk = new DiskUse("ublkb3", temp.resolve("proc"), temp.resolve("sys"));
  }

  private void part(String path, String number) throws IOException {
    write(path + "/dev", number + "\n");
    Files.createDirectories(temp.resolve(path).resolve("holders"));
  }

  private void mounts(String line) throws IOException {
    write("proc/self/mountinfo", ROOT + "\n" + line);
  }

  private void write(String path, String text) throws IOException {
    Path file = temp.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  @Test
  void isFreeWhenNobodyUsesIt() {
    assertThat(disk.use()).isEmpty();
    assertThat(disk.mountpoint()).isEmpty();
  }

  @Test
  void isFreeAlsoBesideNamesThatAreNoText() throws IOException {
    Path swaps = temp.resolve("proc/swaps");
    Files.write(swaps, new byte[] {'F', '\n', '/', (byte) 0xfc, ' ', 'f', '\n'});
    assertThat(disk.use()).isEmpty();
    Files.write(
        temp.resolve("proc/self/mountinfo"),
        "30 1 8:1 / /\u00fc rw - ext4 x rw\n".getBytes(ISO_8859_1));
    assertThat(disk.use()).isEmpty();
  }

  @Test
  void isMounted() throws IOException {
    mounts("36 22 259:3 / /mnt/a\\040b rw,noatime master:1 - ext4 /dev/other rw\n");
    assertThat(disk.use()).contains("mounted on /mnt/a b");
    assertThat(disk.mountpoint()).isEqualTo("/mnt/a b");
  }

  @Test
  void isMountedByItsNameAlone() throws IOException {
    mounts("36 22 0:50 / /data rw - btrfs /dev/ublkb3 rw\n");
    assertThat(disk.use()).contains("mounted on /data");
  }

  @Test
  void hasAMountedPartition() throws IOException {
    mounts("36 22 259:4 / /boot rw - vfat /dev/ublkb3p1 rw\n");
    assertThat(disk.use()).contains("mounted on /boot");
  }

  @Test
  void isNotAnotherDiskWithALongerName() throws IOException {
    mounts("36 22 259:33 / /data rw - ext4 /dev/ublkb33 rw\n");
    write("proc/swaps", "Filename\tType\n/dev/ublkb33 partition\n");
    assertThat(disk.use()).isEmpty();
  }

  @Test
  void isSwap() throws IOException {
    write("proc/swaps", "Filename\tType\n/dev/ublkb3   partition\t1\t0\t-2\n");
    assertThat(disk.use()).contains("in use as swap");
    assertThat(disk.mountpoint()).isEqualTo("[SWAP]");
  }

  @Test
  void isUnderAnotherDevice() throws IOException {
    Files.createDirectory(temp.resolve("sys/block/ublkb3/ublkb3p1/holders/dm-0"));
    assertThat(disk.use()).contains("held by /dev/dm-0");
  }

  @Test
  void isTakenForUsedWhereItCannotBeKnown() throws IOException {
    Files.delete(temp.resolve("proc/self/mountinfo"));
    assertThat(disk.use()).hasValueSatisfying(use -> assertThat(use).contains("perhaps"));
  }

  @Test
  void isNotUsedOnceItIsGone() {
    DiskUse gone = new DiskUse("ublkb9", temp.resolve("proc"), temp.resolve("sys"));
    assertThat(gone.use()).isEmpty();
  }
}
