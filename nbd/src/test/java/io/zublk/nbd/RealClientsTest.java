package io.zublk.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.nbd.LateDevice.Time;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The programs that people use with NBD: libnbd's tools, qemu's and fio. */
@Timeout(600)
class RealClientsTest {

  @TempDir private Path directory;

  private Path image;
  private TestServer server;
  private NbdServer tcp;

  @BeforeEach
  void start() throws Exception {
    image = DiskImages.ext4(Path.of("target", "images"));
    RamDevice device = new RamDevice(Files.size(image));
    server = new TestServer(device, NbdOptions.defaults());
    tcp =
        NbdServer.start(
            NbdAddress.parse("tcp:127.0.0.1:0"),
            new NbdExport("ram", device),
            NbdOptions.defaults());
  }

  @AfterEach
  void stop() throws IOException {
    tcp.close();
    server.close();
  }

  private void load() throws Exception {
    Tool.run("nbdcopy", image.toString(), server.uri());
  }

  @Test
  void nbdinfoShowsTheExport() throws Exception {
    String info = Tool.run("nbdinfo", server.uri());
    assertThat(info)
        .contains("newstyle-fixed without TLS, using structured packets")
        .contains("export-size: " + Files.size(image))
        .contains("base:allocation")
        .contains("can_multi_conn: true")
        .contains("can_fast_zero: true")
        .contains("block_size_maximum: 33554432");
    assertThat(Tool.run("nbdinfo", "--list", server.uri()))
        .contains("export=\"ram\"")
        .contains("description: a disk");
    assertThat(Tool.run("nbdinfo", "--size", tcp.uri().toString()))
        .isEqualToIgnoringNewLines(Long.toString(Files.size(image)));
  }

  @Test
  void nbdinfoMapsHolesAndData() throws Exception {
    assertThat(Tool.run("nbdinfo", "--map", server.uri()))
        .isEqualToNormalizingWhitespace("0 " + Files.size(image) + " 3 hole,zero");
    Tool.run("qemu-io", "-f", "raw", "-c", "write -P 7 64k 64k", server.uri());
    assertThat(Tool.run("nbdinfo", "--map", server.uri()))
        .isEqualToNormalizingWhitespace(
            "0 65536 3 hole,zero 65536 65536 0 data 131072 "
                + (Files.size(image) - 131072)
                + " 3 hole,zero");
  }

  @ParameterizedTest
  @ValueSource(strings = {"unix", "tcp"})
  void nbdcopyBringsARealDiskThereAndBack(String kind) throws Exception {
    String uri = kind.equals("unix") ? server.uri() : tcp.uri().toString();
    Tool.run("nbdcopy", "--connections=4", image.toString(), uri);
    Path back = directory.resolve("back");
    Tool.run("nbdcopy", "--connections=4", uri, back.toString());
    Tool.run("cmp", image.toString(), back.toString());
    Tool.run("e2fsck", "-fn", back.toString());
  }

  @Test
  void qemuImgConvertsComparesAndMaps() throws Exception {
    Tool.run(
        "qemu-img",
        "convert",
        "-n",
        "-W",
        "-m",
        "8",
        "-f",
        "raw",
        "-O",
        "raw",
        image.toString(),
        server.uri());
    assertThat(Tool.run("qemu-img", "compare", "-f", "raw", image.toString(), server.uri()))
        .contains("Images are identical");
    Path back = directory.resolve("back.qcow2");
    Tool.run("qemu-img", "convert", "-f", "raw", "-O", "qcow2", server.uri(), back.toString());
    assertThat(Tool.run("qemu-img", "compare", image.toString(), back.toString()))
        .contains("Images are identical");
    assertThat(Tool.run("qemu-img", "map", "--output=json", "-f", "raw", server.uri()))
        .contains("\"zero\": true, \"data\": false")
        .contains("\"zero\": false, \"data\": true");
    assertThat(Tool.run("qemu-img", "info", server.uri())).contains("file format: raw");
  }

  @Test
  void qemuIoWritesUnalignedAndZeroesAndDiscards() throws Exception {
    load();
    String printed =
        Tool.run(
            "qemu-io",
            "-f",
            "raw",
            "-c",
            "write -P 1 0 1M",
            "-c",
            "write -P 2 513 1021",
            "-c",
            "read -P 1 0 513",
            "-c",
            "read -P 2 513 1021",
            "-c",
            "read -P 1 1534 7000",
            "-c",
            "write -z 100k 300k",
            "-c",
            "read -P 0 100k 300k",
            "-c",
            "write -z -u 500k 100k",
            "-c",
            "read -P 0 500k 100k",
            "-c",
            "discard 0 64k",
            "-c",
            "read -P 0 0 64k",
            "-c",
            "read -P 1 64k 36k",
            "-c",
            "flush",
            server.uri());
    assertThat(printed).doesNotContain("failed");
  }

  @ParameterizedTest
  @ValueSource(strings = {"4k", "512-192k"})
  void fioVerifiesWhatItWrote(String blockSizes) throws Exception {
    verifyByFio(server, blockSizes);
  }

  /** Every other operation is answered by another thread. */
  @Test
  void aDeviceThatAnswersLaterIsADeviceLikeAnyOther() throws Exception {
    AtomicInteger count = new AtomicInteger();
    try (LateDevice device = new LateDevice(new RamDevice(Files.size(image)));
        TestServer late = new TestServer(device, NbdOptions.defaults())) {
      device.setChoice((_, _, _) -> count.incrementAndGet() % 2 == 0 ? Time.SOON : Time.NOW);
      Tool.run("nbdcopy", "--connections=4", image.toString(), late.uri());
      Path back = directory.resolve("back");
      Tool.run("nbdcopy", "--connections=4", late.uri(), back.toString());
      Tool.run("cmp", image.toString(), back.toString());
      verifyByFio(late, "512-192k");
      assertThat(device.late()).isPositive();
    }
  }

  private static void verifyByFio(TestServer server, String blockSizes) throws Exception {
    Tool.run(
        "fio",
        "--name=verify",
        "--ioengine=nbd",
        "--uri=" + server.uri(),
        "--rw=randrw",
        "--bsrange=" + (blockSizes.contains("-") ? blockSizes : blockSizes + "-" + blockSizes),
        "--bs_unaligned=" + (blockSizes.contains("-") ? 1 : 0),
        "--size=128m",
        "--iodepth=32",
        "--verify=crc32c",
        "--verify_fatal=1",
        "--verify_state_save=0",
        "--do_verify=1");
  }
}
