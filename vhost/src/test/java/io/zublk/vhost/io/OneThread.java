package io.zublk.vhost.io;

import io.zublk.block.BlockChannel;
import io.zublk.block.BlockDevice;
import io.zublk.block.RateLimitedLog;
import io.zublk.block.ThreadCounters;
import io.zublk.uring.sys.EventCount;
import io.zublk.uring.sys.LinuxFile;
import io.zublk.uring.sys.Memory;
import io.zublk.vhost.TestGuest;
import io.zublk.vhost.TestRing;
import io.zublk.vhost.VhostCounter;
import io.zublk.vhost.VhostOptions;
import io.zublk.vhost.memory.GuestMemory;
import io.zublk.vhost.memory.MappedRegion;
import io.zublk.vhost.memory.Region;
import io.zublk.vhost.ring.SplitRing;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** A ring whose client and server are one thread: each step happens when it is told to. */
final class OneThread implements AutoCloseable {

  private final ThreadCounters<VhostCounter> counters = new ThreadCounters<>(VhostCounter.class);
  private final BlockChannel channel;
  private final MappedRegion region;
  private final GuestMemory memory;
  private final MemorySegment own;
  private final int size;
  private final TestRing ring;
  private final RingServer server;
  private ServedRing served;

  OneThread(BlockDevice device, long memoryBytes, int size, int dataBytes, boolean indirect)
      throws IOException {
    try (LinuxFile file = LinuxFile.memory("guest", 0)) {
      file.truncate(memoryBytes);
      Region all = new Region(TestGuest.GUEST_BASE, memoryBytes, TestGuest.USER_BASE, 0);
      region = MappedRegion.map(all, file.fd());
      memory = GuestMemory.NONE.with(region);
      own = Memory.mapShared(file, 0, memoryBytes);
    }
    this.size = size;
    ring = new TestRing(own, 0, size, dataBytes, indirect);
    channel = device.openChannel();
    RateLimitedLog log = new RateLimitedLog("io.zublk.vhost");
    RequestServer requests =
        new RequestServer(device, VhostOptions.defaults(), channel, counters, log);
    server = new RingServer(requests, counters, log);
    restart();
  }

  /** Begins anew, after the last ring was broken say. */
  void restart() throws IOException {
    if (served != null) {
      served.call.close();
    }
    SplitRing.Areas areas =
        new SplitRing.Areas(
            memory.ofUser(
                TestGuest.USER_BASE + ring.descriptorsAt(), SplitRing.Areas.descriptorBytes(size)),
            memory.ofUser(
                TestGuest.USER_BASE + ring.availableAt(), SplitRing.Areas.availableBytes(size)),
            memory.ofUser(TestGuest.USER_BASE + ring.usedAt(), SplitRing.Areas.usedBytes(size)));
    served = new ServedRing(0, new SplitRing(size, areas, ring.next(), false), null, memory);
    served.setEvents(null, EventCount.open(), null);
    ring.wantCalls(false);
  }

  TestRing ring() {
    return ring;
  }

  /** The client's mapping of its memory. */
  MemorySegment own() {
    return own;
  }

  long count(VhostCounter counter) {
    return counters.get(counter);
  }

  boolean isBroken() {
    return served.broken;
  }

  void serveAll() {
    while (server.serve(served)) {
      // a batch at a time
    }
  }

  @Override
  public void close() {
    served.call.close();
    channel.close();
    region.unmap();
    Memory.unmap(own);
  }
}
