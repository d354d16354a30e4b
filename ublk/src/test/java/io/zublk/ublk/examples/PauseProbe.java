package io.zublk.ublk.examples;

import io.zublk.uring.sys.LinuxFile;
import io.zublk.uring.sys.Memory;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What a user of a disk sees of pauses: reads one block of it again and again, past the kernel's
 * cache. {@code PauseProbe DISK POSITION}; for each line read, says that line and the longest time
 * without a completion since the last one, in milliseconds. Ends with status 1 if a read fails, or
 * the block changes.
 */
public final class PauseProbe {

  private static final int BLOCK_BYTES = 4096;

  private final AtomicLong longestNanos = new AtomicLong();
  private volatile long lastNanos;

  private PauseProbe() {}

  /** Probes until its input ends. */
  public static void main(String[] arguments) throws IOException {
    PauseProbe probe = new PauseProbe();
    Path disk = Path.of(arguments[0]);
    long position = Long.parseLong(arguments[1]);
    Thread.ofPlatform().daemon().start(() -> probe.readForEver(disk, position));
    BufferedReader input =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = input.readLine(); line != null; line = input.readLine()) {
      long waiting = System.nanoTime() - probe.lastNanos;
      long longest = Math.max(probe.longestNanos.getAndSet(0), waiting);
      System.out.printf("%s %.1f%n", line, longest / 1e6);
    }
  }

  private void readForEver(Path disk, long position) {
    try (LinuxFile file = LinuxFile.open(disk, LinuxFile.O_RDONLY | LinuxFile.O_DIRECT, 0)) {
      MemorySegment first = Memory.mapAnonymous(BLOCK_BYTES);
      MemorySegment block = Memory.mapAnonymous(BLOCK_BYTES);
      read(file, position, first);
      lastNanos = System.nanoTime();
      System.out.println("probing");
      do {
        TimeUnit.MILLISECONDS.sleep(1);
        read(file, position, block);
        long now = System.nanoTime();
        longestNanos.accumulateAndGet(now - lastNanos, Math::max);
        lastNanos = now;
      } while (block.mismatch(first) < 0);
      System.out.println("the block has changed");
    } catch (IOException | InterruptedException e) {
      System.out.println("a read failed: " + e);
    }
    Runtime.getRuntime().halt(1);
  }

  private static void read(LinuxFile file, long position, MemorySegment block) throws IOException {
    long result = file.read(position, block, 0, BLOCK_BYTES);
    if (result != BLOCK_BYTES) {
      throw new IOException("it said " + result);
    }
  }
}
