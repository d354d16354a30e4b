package io.zublk.ublk.examples;

import io.zublk.block.BlockDevice;
import io.zublk.block.Geometry;
import io.zublk.ublk.UblkOptions;
import io.zublk.ublk.UblkServer;
import java.io.IOException;
import java.util.BitSet;
import java.util.List;

/** What the examples' main methods share. */
final class Example {

  private static final int MIB = 1 << 20;

  /** Makes the device of a given shape. */
  interface Factory {
    BlockDevice make(Geometry geometry) throws IOException;
  }

  private Example() {}

  /**
   * Prints the disk's path and serves it until SIGTERM, SIGINT, or somebody deletes it; then prints
   * what was counted.
   *
   * @param arguments the size in MiB, the number of queues, and the CPU of each queue
   */
  static void serve(Factory factory, String[] arguments) throws InterruptedException {
    List<String> list = List.of(arguments);
    Geometry geometry = new Geometry(Long.parseLong(list.getFirst()) * MIB, Geometry.PAGE_BYTES);
    UblkOptions options =
        UblkOptions.defaults()
            .withQueues(list.size() > 1 ? Integer.parseInt(list.get(1)) : 1)
            .withAffinity(list.stream().skip(2).map(Example::cpu).toList());
    try (UblkServer server = UblkServer.start(factory.make(geometry), options)) {
      Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(server)));
      System.out.println(server.path());
      server.await();
    } catch (IOException e) {
      System.err.println(e.getMessage());
      System.exit(1);
    }
  }

  private static BitSet cpu(String number) {
    return BitSet.valueOf(new long[] {1L << Integer.parseInt(number)});
  }

  private static void stop(UblkServer server) {
    try {
      server.close();
      System.out.println(server.statistics());
    } catch (IOException e) {
      System.err.println(e.getMessage());
    }
  }
}
