package io.zublk.vhost.examples;

import io.zublk.block.BlockDevice;
import io.zublk.block.Geometry;
import io.zublk.block.Polling;
import io.zublk.vhost.VhostOptions;
import io.zublk.vhost.VhostServer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;

/** What the examples' main methods share. */
final class Example {

  private static final String USAGE = "arguments: [--threads=N] [--polling] SOCKET SIZE_MIB";
  private static final int MIB = 1 << 20;
  private static final Polling POLLING = new Polling(true, 10_000, true);

  /** Makes the device of a given shape. */
  interface Factory {
    BlockDevice make(Geometry geometry) throws IOException;
  }

  private Example() {}

  /**
   * Prints the socket's path, and serves a device there until SIGTERM or SIGINT; then prints what
   * was counted.
   *
   * @param arguments options; then the socket and the size in MiB
   */
  static void serve(Factory factory, String[] arguments) throws InterruptedException {
    List<String> list = new ArrayList<>(List.of(arguments));
    try {
      VhostOptions options = VhostOptions.defaults();
      while (list.getFirst().startsWith("--")) {
        options = with(options, list.removeFirst());
      }
      Path socket = Path.of(list.removeFirst());
      long bytes = Long.parseLong(list.removeFirst()) * MIB;
      serve(factory.make(new Geometry(bytes, Geometry.PAGE_BYTES)), socket, options);
    } catch (IllegalArgumentException | NoSuchElementException e) {
      System.err.println(
          "not understood: " + String.join(" ", arguments) + " (" + e.getMessage() + ")");
      System.err.println(USAGE);
      System.exit(2);
    } catch (IOException e) {
      System.err.println(e.getMessage());
      System.exit(1);
    }
  }

  private static void serve(BlockDevice device, Path socket, VhostOptions options)
      throws IOException, InterruptedException {
    BlockingQueue<String> end = new ArrayBlockingQueue<>(1);
    try (VhostServer server =
        VhostServer.start(socket, device, options, (reason, _) -> end.add(reason))) {
      Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(server)));
      System.out.println(server.path());
      throw new IOException(end.take());
    }
  }

  private static VhostOptions with(VhostOptions options, String option) {
    return switch (option) {
      case "--polling" -> options.withPolling(POLLING);
      case String threads when threads.startsWith("--threads=") ->
          options.withThreads(Integer.parseInt(threads.substring("--threads=".length())));
      default -> throw new IllegalArgumentException("unknown option " + option);
    };
  }

  private static void stop(VhostServer server) {
    try {
      server.close();
      System.out.println(server.statistics());
    } catch (IOException e) {
      System.err.println(e.getMessage());
    }
  }
}
