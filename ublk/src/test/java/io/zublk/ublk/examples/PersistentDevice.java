package io.zublk.ublk.examples;

import io.zublk.block.BlockDevice;
import io.zublk.block.Geometry;
import io.zublk.ublk.UblkDevices;
import io.zublk.ublk.UblkOptions;
import io.zublk.ublk.UblkServer;
import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.LinuxFile;
import io.zublk.uring.sys.Memory;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;

/**
 * A disk in a file that other processes go on with. Run it with {@code PersistentDevice [--late]
 * [--batch-io] [--cookie=N] FILE SIZE_MIB QUEUES new | recover ID | await ID}; with {@code await}
 * it prepares, says so, and recovers the device when it reads a line. Each further line ends it:
 * {@code hand over} leaves the device, anything else deletes it.
 */
public final class PersistentDevice {

  private static final int MIB = 1 << 20;

  private PersistentDevice() {}

  /** Serves until told to end. */
  public static void main(String[] arguments) {
    try {
      serve(new ArrayList<>(List.of(arguments)));
      System.exit(0);
    } catch (IOException e) {
      System.err.println(e.getMessage());
      System.exit(1);
    }
  }

  private static void serve(List<String> arguments) throws IOException {
    BufferedReader input =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    try (UblkServer server = serve(arguments, input)) {
      System.out.println(server.path() + " " + server.info());
      if ("hand over".equals(input.readLine())) {
        server.handOver();
      }
    }
    System.out.println("ended");
  }

  private static UblkServer serve(List<String> arguments, BufferedReader input) throws IOException {
    boolean late = arguments.remove("--late");
    boolean batchIo = arguments.remove("--batch-io");
    long cookie = 42;
    if (arguments.getFirst().startsWith("--cookie=")) {
      cookie = Long.parseLong(arguments.removeFirst().substring("--cookie=".length()));
    }
    BlockDevice device = open(Path.of(arguments.get(0)), Long.parseLong(arguments.get(1)) * MIB);
    if (late) {
      device =
          new LateDevice(
              device, Executors.newFixedThreadPool(4, Thread.ofPlatform().daemon().factory()));
    }
    UblkOptions options =
        UblkOptions.defaults()
            .withQueues(Integer.parseInt(arguments.get(2)))
            .withRecoverable(true)
            .withBatchIo(batchIo)
            .withCookie(cookie);
    String way = arguments.get(3);
    if (way.equals("new")) {
      return UblkServer.start(device, options, PersistentDevice::fail);
    }
    UblkOptions known = options.withId(Integer.parseInt(arguments.get(4)));
    if (way.equals("await")) {
      var _ = UblkDevices.info(known.id()); // loads what recovery will need
      System.out.println("ready");
      var _ = input.readLine();
    }
    return UblkServer.recover(device, known, PersistentDevice::fail);
  }

  private static void fail(String reason, Throwable cause) {
    System.err.println(reason);
    System.exit(1);
  }

  /** The device whose bytes are a file's, which gets the size. */
  static BlockDevice open(Path path, long size) throws LinuxException {
    LinuxFile file = LinuxFile.open(path, LinuxFile.O_RDWR | LinuxFile.O_CREAT, 0600);
    file.truncate(size);
    int protection = Memory.PROT_READ | Memory.PROT_WRITE;
    return new RamDevice(
        new Geometry(size, Geometry.PAGE_BYTES),
        Memory.map(size, protection, Memory.MAP_SHARED, file.fd(), 0));
  }
}
