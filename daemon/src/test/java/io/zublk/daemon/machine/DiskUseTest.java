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
  void isUnderAMappedDeviceWithItsName() throws IOException {
    Files.createDirectory(temp.resolve("sys/block/ublkb3/holders/dm-1"));
    write("sys/block/dm-1/dm/name", "vg-data\n");
    assertThat(disk.use()).contains("held by /dev/dm-1 (vg-data)");
  }

  @Test
  void isBehindALoop() throws IOException {
    write("sys/block/loop0/loop/backing_file", "/dev/ublkb33\n");
    write("sys/block/loop7/loop/backing_file", "/dev/ublkb3\n");
    Files.createDirectories(temp.resolve("sys/block/loop8"));
    assertThat(disk.use()).contains("behind /dev/loop7");
  }

  @Test
  void isOpenInAProcess() throws IOException {
    process(17, "udev\tworker", "/dev/ublkb3p1");
    process(18, "cat", "/dev/ublkb33");
    assertThat(disk.use()).contains("open in udev?worker (process 17)");
  }

  private void process(int pid, String command, String file) throws IOException {
    write("proc/" + pid + "/comm", command + "\n");
    Path fds = Files.createDirectories(temp.resolve("proc/" + pid + "/fd"));
    Files.createSymbolicLink(fds.resolve("0"), Path.of("/no/such/file"));
    Files.createSymbolicLink(fds.resolve("3"), Path.of(file));
  }

  @Test
  void isMountedWhereOnlyAnotherNamespaceSeesIt() throws IOException {
    namespace("self", "mnt:[1]");
    process(17, "init", "/no/such/other");
    namespace("17", "mnt:[1]");
    process(18, "container", "/no/such/other");
    namespace("18", "mnt:[2]");
    write("proc/18/mountinfo", ROOT + "\n36 22 259:3 / /inside rw - ext4 /dev/x rw\n");
    assertThat(disk.use()).contains("mounted on /inside as container (process 18) sees it");
    assertThat(disk.mountpoint()).isEmpty();
  }

  private void namespace(String process, String name) throws IOException {
    Path links = Files.createDirectories(temp.resolve("proc").resolve(process).resolve("ns"));
    Files.createSymbolicLink(links.resolve("mnt"), Path.of(name));
  }

  @Test
  void saysSeveralUsesAndHowManyMore() throws IOException {
    mounts("36 22 259:3 / /mnt rw - ext4 /dev/other rw\n");
    for (int pid = 21; pid <= 25; pid++) {
      process(pid, "dd", "/dev/ublkb3");
    }
    assertThat(disk.use())
        .hasValueSatisfying(use ->
            assertThat(use)
                .startsWith("mounted on /mnt, open in dd (process 2")
                .endsWith(", and 2 more"));
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
