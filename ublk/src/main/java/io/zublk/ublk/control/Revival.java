package io.zublk.ublk.control;

import io.zublk.block.Threads;
import io.zublk.ublk.UblkDeviceInfo;
import io.zublk.ublk.UblkException;
import io.zublk.ublk.abi.UblkAbi;
import io.zublk.uring.Ring;
import io.zublk.uring.RingOptions;
import io.zublk.uring.Sqe;
import io.zublk.uring.SubmissionQueue;
import io.zublk.uring.sys.Errnos;
import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.LinuxFile;
import io.zublk.uring.sys.Memory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * Has a driver before Linux 6.15 allow a recovery again, after one that was cut off before any
 * queue's tags had all been lent: it takes the device for one that was never served
 * (nr_queues_ready in ublk_ctrl_start_recovery).
 *
 * <p>All tags of all queues are lent to a thread that ends at once. It is brought no requests, for
 * they wait for the end of a recovery. They are lent by one system call, which no signal cuts in
 * two: with the tags of some queues only, that driver would crash in the next attempt
 * (ublk_queue_reinit).
 */
final class Revival {

  private final UblkDeviceInfo device;
  private final LinuxFile file;
  private IOException failure; // read when the thread has ended

  private Revival(UblkDeviceInfo device, LinuxFile file) {
    this.device = device;
    this.file = file;
  }

  /**
   * Revives a device. For a while the driver may be busy with it then.
   *
   * @return false if somebody has it open: the process that died over it, which the driver has not
   *     let go yet, or another one
   */
  static boolean of(UblkDeviceInfo device) throws IOException {
    try (LinuxFile file = LinuxFile.open(device.charPath(), LinuxFile.O_RDWR, 0)) {
      new Revival(device, file).revive();
      return true;
    } catch (LinuxException e) {
      if (e.errno() == Errnos.EBUSY) {
        return false;
      }
      throw e;
    }
  }

  private void revive() throws IOException {
    Threads.join(Thread.ofPlatform().name("ublk" + device.id() + "-revival").start(this::lend));
    if (failure != null) {
      throw failure;
    }
  }

  private void lend() {
    try {
      int tags = device.queues() * device.depth();
      MemorySegment buffer = Memory.mapAnonymous(Memory.pageBytes()); // which nobody uses
      Ring ring = Ring.open(RingOptions.forThisThread(tags));
      try {
        lend(ring, tags, buffer.address());
      } finally {
        ring.closeWithThread();
        Memory.unmap(buffer);
      }
    } catch (IOException e) {
      failure = e;
    }
  }

  private void lend(Ring ring, int tags, long buffer) throws IOException {
    SubmissionQueue entries = ring.submissions();
    for (int i = 0; i < tags; i++) {
      long command = UblkAbi.ioCommand(i / device.depth(), i % device.depth(), 0);
      Sqe.command(
          entries.memory(), entries.next(), 0, file.fd(), UblkAbi.FETCH_REQ, command, buffer, i);
    }
    int taken = ring.submitAndWait(0);
    if (taken != tags || ring.completions().ready() != 0) {
      throw new UblkException(
          "the ublk driver took %d of %d tags, and gave back %d"
              .formatted(taken, tags, ring.completions().ready()),
          Errnos.EIO);
    }
  }
}
