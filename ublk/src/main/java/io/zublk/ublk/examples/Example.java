package io.zublk.ublk.examples;

import io.zublk.block.BlockDevice;
import io.zublk.block.Geometry;
import io.zublk.block.Polling;
import io.zublk.ublk.UblkOptions;
import io.zublk.ublk.UblkServer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;

/** What the examples' main methods share. */
final class Example {

  private static final String USAGE =
      "arguments: [--threads=N] [--batch-io] [--recoverable] [--polling | --switch-polling]"
          + " SIZE_MIB [QUEUES [CPU...]]";

  private static final int MIB = 1 << 20;
  private static final Polling POLLING = new Polling(true, 10_000, true);
  private static final int SWITCH_MILLIS = 10;

  /** Makes the device of a given shape. */
  interface Factory {
    BlockDevice make(Geometry geometry) throws IOException;
  }

  private Example() {}

  /**
   * Prints the disk's path and how it is served, and serves it until SIGTERM, SIGINT, or somebody
   * deletes it; then prints what was counted.
   *
   * @param arguments options; then the size in MiB, the number of queues, and the CPU of each queue
   */
  static void serve(Factory factory, String[] arguments) throws InterruptedException {
    try {
      serve(factory, new ArrayList<>(List.of(arguments)));
    } catch (IllegalArgumentException | NoSuchElementException e) {
      System.err.println(
          "not understood: " + String.join(" ", arguments) + " (" + e.getMessage() + ")");
      System.err.println(USAGE);
      System.exit(2);
    }
  }

  private static void serve(Factory factory, List<String> list) throws InterruptedException {
    UblkOptions options = UblkOptions.defaults();
    boolean switching = list.remove("--switch-polling");
    while (list.getFirst().startsWith("--")) {
      options = with(options, list.removeFirst());
    }
    Geometry geometry = new Geometry(Long.parseLong(list.getFirst()) * MIB, Geometry.PAGE_BYTES);
    options =
        options
            .withQueues(list.size() > 1 ? Integer.parseInt(list.get(1)) : 1)
            .withAffinity(list.stream().skip(2).map(Example::cpu).toList());
    BlockingQueue<String> end = new ArrayBlockingQueue<>(1);
    try (UblkServer server =
        UblkServer.start(factory.make(geometry), options, (reason, _) -> end.add(reason))) {
      Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(server)));
      System.out.println(server.path());
      System.out.println("batchIo=" + server.batchIo() + " threads=" + server.threads());
      if (switching) {
        Thread.ofPlatform().daemon().start(() -> switchPolling(server));
      }
      throw new IOException(end.take());
    } catch (IOException e) {
      System.err.println(e.getMessage());
      System.exit(1);
    }
  }

  private static UblkOptions with(UblkOptions options, String option) {
    return switch (option) {
      case "--batch-io" -> options.withBatchIo(true);
      case "--recoverable" -> options.withRecoverable(true);
      case "--polling" -> options.withPolling(POLLING);
      case String threads when threads.startsWith("--threads=") ->
          options.withThreadsPerQueue(Integer.parseInt(threads.substring("--threads=".length())));
      default -> throw new IllegalArgumentException("unknown option " + option);
    };
  }

  /** Polls and sleeps in turn: how threads wait can be changed while they serve. */
  private static void switchPolling(UblkServer server) {
    try {
      for (boolean polls = true; ; polls = !polls) {
        server.setPolling(polls ? POLLING : Polling.OFF);
        Thread.sleep(SWITCH_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static BitSet cpu(String number) {
    return BitSet.valueOf(new long[] {1L << Integer.parseInt(number)});
  }

  private static void stop(UblkServer server) {
    try {
      long bufferBytes = server.bufferBytes();
      server.close();
      System.out.println("bufferBytes=" + bufferBytes + " " + server.statistics());
    } catch (IOException e) {
      System.err.println(e.getMessage());
    }
  }
}
