package io.zublk.vhost;

import io.zublk.block.BlockChannel;
import io.zublk.block.BlockDevice;
import io.zublk.block.Geometry;
import io.zublk.uring.sys.Memory;
import io.zublk.vhost.examples.RamDevice;
import java.io.IOException;

/** A disk in memory whose size is what a test says. Its channels do not care for that. */
final class ResizableDisk implements BlockDevice {

  private final RamDevice all;
  private volatile Geometry geometry;

  ResizableDisk(long sizeBytes, long mostBytes) throws IOException {
    all = new RamDevice(new Geometry(mostBytes, 4096), Memory.mapAnonymous(mostBytes));
    resize(sizeBytes);
  }

  void resize(long sizeBytes) {
    geometry = new Geometry(sizeBytes, 4096);
  }

  @Override
  public Geometry geometry() {
    return geometry;
  }

  @Override
  public BlockChannel openChannel() {
    return all.openChannel();
  }
}
