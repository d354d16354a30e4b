package io.zublk.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Reads that workers help with, while others keep the same workers busy with what they write: every
 * one is answered.
 */
class LargeReadsTest extends WithDevices {

  private static final int KIB = 1 << 10;
  private static final int DEVICE_BYTES = 64 << 20;
  private static final int PAGE = 4096;
  private static final int IN_FLIGHT = 4;
  private static final Duration LOAD = Duration.ofSeconds(15);

  private final List<RawNbdClient> clients = new ArrayList<>();
  private final ExecutorService threads = Executors.newCachedThreadPool();

  @AfterEach
  void hangUp() throws IOException {
    for (RawNbdClient client : clients) {
      client.close(); // ends also the threads that wait for a reply
    }
    threads.shutdown();
  }

  @Test
  @Timeout(120)
  void everyLargeReadIsAnsweredWhileOthersWrite() throws Exception {
    zublk.create("--size", "64M");
    fill();
    long end = System.nanoTime() + LOAD.toNanos();
    List<Future<Void>> load = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      Random random = new Random(i);
      load.add(start(client -> read(client, random), end));
    }
    for (int i = 0; i < 2; i++) {
      Random random = new Random(100 + i);
      load.add(start(client -> write(client, random), end));
    }
    for (Future<Void> client : load) {
      client.get(LOAD.toSeconds() + 60, TimeUnit.SECONDS);
    }
    assertThat(zublk.stat(0)).containsEntry("nbd_errors", 0).containsEntry("checksum_errors", 0);
    for (RawNbdClient client : clients) {
      client.close();
    }
    zublk.run("remove", "0", "--force").ok();
  }

  private interface Load {
    void run(RawNbdClient client) throws IOException;
  }

  private Future<Void> start(Load load, long end) throws IOException {
    RawNbdClient client = connect();
    Callable<Void> loop =
        () -> {
          while (System.nanoTime() < end) {
            load.run(client);
          }
          return null;
        };
    return threads.submit(loop);
  }

  private RawNbdClient connect() throws IOException {
    clients.add(RawNbdClient.connected(zublk.runDir().resolve("0/nbd.sock")));
    return clients.getLast();
  }

  private void fill() throws IOException {
    RawNbdClient client = connect();
    Random random = new Random(1000);
    for (int at = 0; at < DEVICE_BYTES; at += PAGE) {
      writePage(client, random, at);
    }
  }

  private static void read(RawNbdClient client, Random random) throws IOException {
    int length = random.nextInt(256 * KIB / PAGE, 1024 * KIB / PAGE + 1) * PAGE;
    client.ask(IN_FLIGHT, RawNbdClient.READ, position(random, length), length);
    for (int i = 0; i < IN_FLIGHT; i++) {
      assertThat(client.takeReply(length)).isZero();
    }
  }

  private static void write(RawNbdClient client, Random random) throws IOException {
    writePage(client, random, position(random, PAGE));
  }

  /** Half noise: it is compressed, and becomes smaller. */
  private static void writePage(RawNbdClient client, Random random, long at) throws IOException {
    byte[] half = new byte[PAGE / 2];
    random.nextBytes(half);
    client.ask(1, RawNbdClient.WRITE, at, PAGE);
    client.send(ByteBuffer.allocate(PAGE).put(half).clear());
    assertThat(client.takeReply(0)).isZero();
  }

  private static long position(Random random, int length) {
    return (long) random.nextInt((DEVICE_BYTES - length) / PAGE + 1) * PAGE;
  }
}
