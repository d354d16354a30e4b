package io.zublk.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** libnbd's, qemu's and fio's clients, whose server is replaced all the time. */
@Timeout(600)
class HandOverRealClientsTest {

  @TempDir private Path directory;

  /** Replaces the server until a program has ended, which must be content. */
  private static void run(HandOvers servers, Callable<?> program) throws Exception {
    try (ExecutorService threads = Executors.newCachedThreadPool()) {
      Future<?> running = threads.submit(program);
      int before = servers.pauses().size();
      while (!running.isDone()) {
        servers.next();
        Thread.sleep(10);
      }
      running.get();
      assertThat(servers.pauses().size()).isGreaterThan(before);
    }
  }

  @Test
  void nbdcopyAndQemuAndFioSeeNoError() throws Exception {
    Path image = DiskImages.ext4(Path.of("target", "images"));
    Path back = directory.resolve("back");
    RamDevice device = new RamDevice(Files.size(image));
    try (HandOvers servers = new HandOvers(device, NbdOptions.defaults(), false)) {
      String uri = servers.server().uri().toString();
      run(servers, () -> Tool.run("nbdcopy", "--connections=4", image.toString(), uri));
      run(servers, () -> Tool.run("nbdcopy", "--connections=4", uri, back.toString()));
      Tool.run("cmp", image.toString(), back.toString());
      run(servers, () -> Tool.run("qemu-img", "compare", "-f", "raw", image.toString(), uri));
      run(
          servers,
          () ->
              Tool.run(
                  "qemu-io",
                  "-f",
                  "raw",
                  "-c",
                  "write -P 1 0 30M",
                  "-c",
                  "write -P 2 513 1021",
                  "-c",
                  "read -P 1 2M 28M",
                  "-c",
                  "read -P 2 513 1021",
                  uri));
      run(
          servers,
          () ->
              Tool.run(
                  "fio",
                  "--name=verify",
                  "--ioengine=nbd",
                  "--uri=" + uri,
                  "--rw=randrw",
                  "--bsrange=512-192k",
                  "--bs_unaligned=1",
                  "--size=64m",
                  "--iodepth=32",
                  "--verify=crc32c",
                  "--verify_fatal=1",
                  "--verify_state_save=0",
                  "--do_verify=1"));
    }
  }
}
