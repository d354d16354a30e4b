package io.zublk.daemon.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zublk.daemon.DeviceConfig;
import io.zublk.daemon.Devices;
import io.zublk.daemon.Samples;
import io.zublk.daemon.UserException;
import io.zublk.daemon.transport.Transports;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StaleDevicesTest {

  @TempDir private Path temp;
  private final List<String> notices = new ArrayList<>();
  private RunDir runDir;

  @BeforeEach
  void makeRunDir() {
    runDir = new RunDir(temp);
  }

  @FunctionalInterface
  private interface Work<T> {
    T on(StaleDevices stale) throws IOException;
  }

  private <T> T locked(Work<T> work) throws IOException {
    try (RunDir.Lock lock = runDir.lock()) {
      return work.on(new StaleDevices(runDir, new Transports(), lock));
    }
  }

  /** A device whose process is gone: its directory, and nobody who holds its lock. */
  private DeviceDir dead(DeviceRecord record) throws IOException {
    DeviceDir dir = runDir.device(record.id());
    DeviceDirTest.claim(dir).close();
    dir.write(Samples.ofTheDead(record));
    return dir;
  }

  private DeviceConfig wanting(int id) {
    return Samples.config(temp, id, null);
  }

  @Test
  void givesOutTheLowestFreeId() throws IOException {
    dead(Samples.starting(temp, 0).serving("uri"));
    Files.createDirectory(temp.resolve("1"));
    try (FileLocks.Held _ = DeviceDirTest.claim(runDir.device(2))) {
      // 0 keeps its data, 1 died before it had any, 2 lives.
      assertThat(locked(stale -> stale.freeDevice(wanting(DeviceConfig.ANY_ID), notices::add)).id())
          .isEqualTo(1);
    }
  }

  @Test
  void clearsAwayWhatNeverServed() throws IOException {
    dead(Samples.starting(temp, 4));
    Files.createDirectory(temp.resolve("5"));
    locked(stale -> {
      stale.clearUnfinished();
      return null;
    });
    assertThat(temp).isEmptyDirectory();
  }

  @Test
  void keepsWhatAProcessLeftThatDiedOverARecovery() throws IOException {
    DeviceDir dir = dead(Samples.starting(temp, 4).serving("uri").recovering());
    locked(stale -> {
      stale.clearUnfinished();
      return null;
    });
    assertThat(dir.whyDead(dir.recoverable())).endsWith("ended while it recovered it");
  }

  @Test
  void whatIsAbandonedSaysWhyAndCanBeRecovered() throws IOException {
    DeviceDir dir = dead(Samples.starting(temp, 4).serving("uri"));
    locked(stale -> {
      stale.abandon(dir, "nobody comes");
      return null;
    });
    assertThat(dir.whyDead(dir.recoverable())).contains("ended without stopping it; nobody comes");
    dir.write(dir.recoverable().recovering());
    assertThatThrownBy(() ->
            locked(stale -> {
              stale.abandon(dir, "nobody comes");
              return null;
            }))
        .hasMessageContaining("needs no recovery");
  }

  @Test
  void whatCannotBeRecoveredSaysWhy() throws IOException {
    assertThatThrownBy(() -> runDir.device(0).recoverable())
        .hasMessageContaining("no device 0", "reboot");
    DeviceDir unserved = dead(Samples.starting(temp, 1));
    assertThatThrownBy(unserved::recoverable).hasMessageContaining("died before it served");
    DeviceDir dir = runDir.device(2);
    try (FileLocks.Held _ = DeviceDirTest.claim(dir)) {
      DeviceRecord record = Samples.starting(temp, 2);
      dir.write(record);
      assertThatThrownBy(dir::recoverable).hasMessageContaining("is just making it");
      dir.write(record.serving("uri"));
      assertThatThrownBy(dir::recoverable).hasMessageContaining("serves it");
      dir.write(record.recovering());
      assertThatThrownBy(dir::recoverable).hasMessageContaining("is just recovering it");
    }
    dir.write(Samples.ofTheDead(dir.record().orElseThrow()));
    assertThat(dir.recoverable().recoveries()).isEqualTo(1);
  }

  @Test
  void clearsAwayAMountPointThatNobodyNeeds() throws IOException {
    Files.createDirectory(runDir.storeMount());
    new Devices(temp).clearUnfinished();
    assertThat(temp).isEmptyDirectory();
    Files.createDirectory(runDir.storeMount());
    dead(Samples.starting(temp, 0).serving("uri"));
    new Devices(temp).clearUnfinished();
    assertThat(runDir.storeMount()).exists();
  }

  @Test
  void makesNoRunDirectoryToClear() {
    new Devices(temp.resolve("none")).clearUnfinished();
    assertThat(temp).isEmptyDirectory();
  }

  @Test
  void aDeadDeviceKeepsItsIdAndWhatItHoldsFromOneThatAsksForIt() throws IOException {
    DeviceRecord record = Samples.starting(temp, 6).serving("uri");
    Path storeFile = Path.of(record.storeFile());
    Files.createDirectory(storeFile.getParent());
    Files.writeString(storeFile, "data");
    DeviceDir dir = dead(record);
    assertThatThrownBy(() -> locked(stale -> stale.freeDevice(wanting(6), notices::add)))
        .isInstanceOf(UserException.class)
        .hasMessage(
            "id 6 is taken by a dead device: 'zublk recover 6' serves what it holds, 'zublk remove 6' drops it");
    assertThat(dir.recordFile()).exists();
    assertThat(storeFile).hasContent("data");
  }

  @Test
  void aLivingDeviceDoesNot() throws IOException {
    try (FileLocks.Held _ = DeviceDirTest.claim(runDir.device(6))) {
      assertThatThrownBy(() -> locked(stale -> stale.freeDevice(wanting(6), notices::add)))
          .isInstanceOf(UserException.class)
          .hasMessageContaining("id 6 is taken");
      assertThatThrownBy(() ->
              locked(stale -> {
                stale.clear(runDir.device(6));
                return null;
              }))
          .isInstanceOf(UserException.class);
      assertThat(runDir.device(6).path()).exists();
    }
  }

  @Test
  void deletesNoFileThatCannotBeAStore() throws IOException {
    Path precious = Files.writeString(temp.resolve("precious"), "data");
    Path store = Files.createDirectory(temp.resolve("store"));
    Path neighbour = Files.writeString(store.resolve("1.store"), "data");
    for (Path named :
        List.of(
            precious, neighbour, store.resolve("7.store/../../precious"), Path.of("precious"))) {
      DeviceDir dir = dead(DeviceRecord.starting(wanting(7), named, 1).serving("uri"));
      clear(dir);
      assertThat(dir.path()).doesNotExist();
      assertThat(precious).exists();
      assertThat(neighbour).exists();
    }
  }

  @Test
  void deletesNoFileBehindALink() throws IOException {
    Path elsewhere = Files.createDirectory(temp.resolve("elsewhere"));
    Path precious = Files.writeString(elsewhere.resolve("7.store"), "data");
    Files.createSymbolicLink(temp.resolve("store"), elsewhere);
    clear(dead(Samples.starting(temp, 7).serving("uri")));
    assertThat(precious).exists();
    assertThat(temp.resolve("store")).exists();
  }

  @ParameterizedTest
  @ValueSource(strings = {"{", "{\"algorithm\":\"of a newer version\"}"})
  void leavesADeviceAloneWhoseRecordItDoesNotUnderstand(String text) throws IOException {
    DeviceDir dir = dead(Samples.starting(temp, 3));
    Files.writeString(dir.recordFile(), text);
    Path store = Files.createDirectory(temp.resolve("store"));
    assertThat(locked(stale -> stale.freeDevice(wanting(DeviceConfig.ANY_ID), notices::add)).id())
        .isZero();
    assertThat(notices).singleElement().asString().contains("device 3", "left alone");
    assertThatThrownBy(() -> locked(stale -> stale.freeDevice(wanting(3), notices::add)))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("id 3 is taken");
    assertThatThrownBy(() -> clear(dir)).isInstanceOf(UnreadableRecordException.class);
    Devices devices = new Devices(temp);
    devices.clearUnfinished();
    assertThat(devices.all()).isEmpty();
    assertThat(devices.obscure()).singleElement().asString().contains("device 3", "left alone");
    assertThatThrownBy(() -> devices.find("3")).hasMessageContaining("left alone");
    assertThat(dir.recordFile()).exists();
    assertThat(store).exists();
  }

  @Test
  void leavesALivingDeviceAloneThatHasNoRecord() throws IOException {
    Path store = Files.createDirectory(temp.resolve("store"));
    try (FileLocks.Held _ = DeviceDirTest.claim(runDir.device(0))) {
      Devices devices = new Devices(temp);
      devices.clearUnfinished();
      assertThat(devices.obscure()).singleElement().asString().contains("device 0", "no record");
      assertThatThrownBy(() -> devices.find("0")).hasMessageContaining("no record");
      assertThat(store).exists();
    }
  }

  @Test
  void leavesALivingDeviceAloneThatHasLostItsLockFile() throws IOException {
    DeviceDir dir = runDir.device(0);
    DeviceDirTest.claim(dir).close();
    dir.write(Samples.starting(temp, 0).serving("uri")); // of this process
    Files.delete(dir.path().resolve("lock"));
    assertThat(dir.isAlive()).isTrue();
    assertThatThrownBy(() -> clear(dir)).hasMessageContaining("alive");
    assertThat(dir.recordFile()).exists();
  }

  @Test
  void leavesADirectoryAloneThatOnlyHasANumberForItsName() throws IOException {
    Path photo = Files.createDirectory(temp.resolve("2024")).resolve("photo");
    Files.writeString(photo, "data");
    Devices devices = new Devices(temp);
    devices.clearUnfinished();
    assertThat(photo).exists();
    assertThat(devices.obscure()).singleElement().asString().contains("2024", "left alone");
  }

  @Test
  void leavesAStoreFileAloneWhoseDeviceIsNotWrittenDown() throws IOException {
    Path file = Path.of(Samples.starting(temp, 0).storeFile());
    Files.createDirectory(file.getParent());
    Files.writeString(file, "data");
    assertThat(locked(stale -> stale.freeDevice(wanting(DeviceConfig.ANY_ID), notices::add)).id())
        .isEqualTo(1);
    assertThat(notices).singleElement().asString().contains(file.toString());
    assertThatThrownBy(() -> locked(stale -> stale.freeDevice(wanting(0), notices::add)))
        .isInstanceOf(UserException.class)
        .hasMessageContainingAll("id 0 is taken", file.toString());
    assertThat(file).hasContent("data");
  }

  @Test
  void removesADeadSocketButNotALivingOne() throws IOException {
    Path socket = temp.resolve("nbd.sock");
    DeviceConfig config = Samples.config(temp, 8, "unix:" + socket);
    DeviceRecord record = DeviceRecord.starting(config, temp.resolve("store/8"), 1).serving("uri");
    ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(socket));
    clear(dead(record));
    assertThat(socket).exists();
    server.close();
    clear(dead(record));
    assertThat(socket).doesNotExist();
  }

  @Test
  void removesNoFileThatIsNoSocket() throws IOException {
    Path file = Files.writeString(temp.resolve("nbd.sock"), "data");
    DeviceConfig config = Samples.config(temp, 8, "unix:" + file);
    clear(dead(DeviceRecord.starting(config, temp.resolve("store/8"), 1).serving("uri")));
    assertThat(file).hasContent("data");
  }

  private void clear(DeviceDir dir) throws IOException {
    locked(stale -> {
      stale.clear(dir);
      return null;
    });
  }
}
