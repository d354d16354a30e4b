package io.zublk.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * QEMU between a device and fio: the device's process is killed again and again, QEMU connects
 * again, and fio, which verifies all that it has written, has no error.
 */
class ReconnectTest extends WithDevices {

  /**
   * QEMU tries to connect at once, and then after 1, 2, 4, 8, 16, 16… seconds
   * (nbd/client-connection.c): kills that did not wait for it would find it waiting, until it gives
   * up.
   */
  private static final int WRITES_BETWEEN_KILLS = 100;

  @Test
  @Timeout(300)
  void aUserOfQemuNoticesNothingOfThreeKills() throws Exception {
    killAndRecover(3);
  }

  @Test
  @Tag("long")
  @Timeout(3600)
  void aUserOfQemuNoticesNothingOfTwoHundredKills() throws Exception {
    killAndRecover(Integer.getInteger("zublk.kills", 200));
  }

  private void killAndRecover(int kills) throws Exception {
    Path device = temp.resolve("device.sock");
    Path export = temp.resolve("export.sock");
    Object pid =
        zublk.create("--size=64M", "--on-crash=keep", "--listen=unix:" + device).get("pid");
    Process qemu = export(device, export);
    try {
      int rounds = 1;
      FutureTask<Void> load = verify(export);
      for (int kill = 0; kill < kills; kill++) {
        while (written() < WRITES_BETWEEN_KILLS) {
          if (load.isDone()) {
            load.get();
            rounds++;
            load = verify(export);
          }
          Thread.sleep(250 + 37L * (kill % 10)); // asking takes a JVM
        }
        Zublk.die(pid);
        pid = zublk.recover(0).get("pid");
      }
      load.get();
      System.out.printf("%d kills, %d rounds of writes, all verified%n", kills, rounds);
      assertThat(zublk.stat(0)).containsEntry("recoveries", kills);
      assertThat(qemu.isAlive()).isTrue();
    } finally {
      qemu.destroyForcibly().waitFor();
    }
    zublk.run("remove", "0").ok();
  }

  /** What the process of now has been asked to write. */
  private int written() throws Exception {
    return ((Number) zublk.stat(0).get("nbd_writes")).intValue();
  }

  /** It stays when a client leaves, and gives up none before two minutes. */
  private static Process export(Path device, Path export) throws Exception {
    String image =
        "driver=nbd,server.type=unix,server.path=%s,reconnect-delay=120".formatted(device);
    Process qemu =
        new ProcessBuilder(
                "qemu-nbd",
                "--persistent",
                "--shared=4",
                "--cache=none",
                "--socket=" + export,
                "--image-opts",
                image)
            .inheritIO()
            .start();
    while (!isListening(export) && qemu.isAlive()) {
      Thread.sleep(10);
    }
    return qemu;
  }

  /** Its file is there before. */
  private static boolean isListening(Path socket) {
    try (var _ = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /** Begins to write 32 MiB at random places, all of which are read and compared then. */
  private static FutureTask<Void> verify(Path export) {
    Callable<Void> fio =
        () -> {
          String out =
              Zublk.tool(
                  "fio",
                  "--name=verify",
                  "--ioengine=nbd",
                  "--uri=nbd+unix:///?socket=" + export,
                  "--rw=randwrite",
                  "--bs=4k",
                  "--size=32M",
                  "--iodepth=8",
                  "--verify=crc32c",
                  "--verify_fatal=1",
                  "--verify_state_save=0",
                  "--randrepeat=0",
                  "--rate_iops=4000");
          assertThat(out).contains("err= 0");
          return null;
        };
    FutureTask<Void> task = new FutureTask<>(fio);
    Thread.ofPlatform().daemon().name("fio").start(task);
    return task;
  }
}
