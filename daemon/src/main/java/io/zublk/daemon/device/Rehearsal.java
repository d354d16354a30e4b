package io.zublk.daemon.device;

import io.zublk.block.BlockChannel;
import io.zublk.block.Geometry;
import io.zublk.daemon.DeviceConfig;
import io.zublk.daemon.machine.Machine;
import io.zublk.daemon.registry.DeviceDir;
import io.zublk.daemon.settings.PerformanceSettings;
import io.zublk.daemon.transport.Assignment;
import io.zublk.daemon.transport.TransportFactory;
import io.zublk.store.PageStore;
import io.zublk.store.StoreTuning;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/**
 * A take-over of a small device that nobody uses, in the process that is about to take over one
 * that somebody waits for: by then its classes are loaded, and what runs often is compiled.
 */
final class Rehearsal {

  private static final long IDENTITY = 1;
  private static final int PAGES = 256;
  private static final int ROUNDS = 4;

  /**
   * What opening does for each page is then compiled: the JVM does so after 15,000 times at the
   * latest (Tier4CompileThreshold), and a large device has more pages than that.
   */
  private static final int OPENINGS = 64;

  /** 64 take a second; where all is slow, whoever asked for this does not wait for ever. */
  private static final Duration OPENINGS_LIMIT = Duration.ofSeconds(5);

  private final DeviceDir dir;
  private final TransportFactory transport;

  Rehearsal(DeviceDir dir, TransportFactory transport) {
    this.dir = dir;
    this.transport = transport;
  }

  /** Leaves nothing; if this process is killed over it, what it leaves goes with the device. */
  void run(DeviceConfig config) throws IOException {
    PerformanceSettings settings =
        PerformanceSettings.most(config.performanceWhenCreated(), Machine.running())
            .changedTo(config.performance());
    DeviceConfig small =
        config.withSizeBytes((long) PAGES * Geometry.PAGE_BYTES).withMemLimitBytes(0);
    StoreTuning tuning = DeviceProcess.storeTuning(small, settings);
    Path file = dir.rehearsalStore();
    Files.deleteIfExists(file);
    try {
      try (PageStore store = PageStore.create(file, small.storeOptions(), tuning, IDENTITY)) {
        useAll(store);
        boolean _ = store.settle();
      }
      long deadline = System.nanoTime() + OPENINGS_LIMIT.toNanos();
      for (int i = 0; i < OPENINGS && System.nanoTime() < deadline; i++) {
        PageStore.open(file, tuning, IDENTITY).close();
      }
      try (PageStore store = PageStore.open(file, tuning, IDENTITY)) {
        useAll(store);
        transport.rehearse(
            new Assignment(
                store, small, IDENTITY, settings, dir.rehearsalSocket(), Rehearsal::ignore));
      }
    } finally {
      Files.deleteIfExists(file);
    }
  }

  /** A device that nobody uses may fail. */
  private static void ignore(String reason, Throwable cause) {}

  /** Fills it with what compresses a little, and reads it. */
  private static void useAll(PageStore store) {
    try (BlockChannel channel = store.openChannel();
        Arena arena = Arena.ofConfined()) {
      MemorySegment page = arena.allocate(Geometry.PAGE_BYTES, Geometry.PAGE_BYTES);
      for (int i = 0; i < ROUNDS * PAGES; i++) {
        for (long at = 0; at < page.byteSize(); at += Integer.BYTES) {
          page.set(ValueLayout.JAVA_INT, at, (int) (at * at * i) >>> 8);
        }
        long position = (long) (i % PAGES) * Geometry.PAGE_BYTES;
        int _ = channel.write(position, page, 0, Geometry.PAGE_BYTES);
        int _ = channel.read(position, page, 0, Geometry.PAGE_BYTES);
      }
    }
  }
}
