package io.zublk.ublk.examples;

import io.zublk.block.BlockDevice;
import io.zublk.block.Geometry;
import io.zublk.ublk.UblkOptions;
import io.zublk.ublk.UblkServer;
import java.io.IOException;

/** What the examples' main methods share. */
final class Example {

  private static final int MIB = 1 << 20;

  /** Makes the device of a given shape. */
  interface Factory {
    BlockDevice make(Geometry geometry) throws IOException;
  }

  private Example() {}

  /** Prints the disk's path and serves it until SIGTERM, SIGINT, or somebody deletes it. */
  static void serve(Factory factory, String[] arguments) throws IOException, InterruptedException {
    Geometry geometry = new Geometry(Long.parseLong(arguments[0]) * MIB, Geometry.PAGE_BYTES);
    int queues = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 1;
    UblkOptions options = UblkOptions.defaults().withQueues(queues);
    try (UblkServer server = UblkServer.start(factory.make(geometry), options)) {
      Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(server)));
      System.out.println(server.path());
      server.await();
    }
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
