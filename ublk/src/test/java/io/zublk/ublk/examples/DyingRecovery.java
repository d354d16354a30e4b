package io.zublk.ublk.examples;

import io.zublk.block.BlockDevice;
import io.zublk.block.Polling;
import io.zublk.ublk.UblkDeviceInfo;
import io.zublk.ublk.UblkOptions;
import io.zublk.ublk.abi.UblkAbi;
import io.zublk.ublk.control.RecoverDevice;
import io.zublk.ublk.control.UblkControl;
import io.zublk.ublk.io.Queues;
import io.zublk.uring.Ring;
import io.zublk.uring.RingOptions;
import io.zublk.uring.Sqe;
import io.zublk.uring.SubmissionQueue;
import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.LinuxFile;
import io.zublk.uring.sys.Memory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;

/**
 * Begins to recover the device of {@link PersistentDevice}, and dies at a step: {@code
 * DyingRecovery STEP FILE SIZE_MIB ID [COOKIE]}, where the step is {@code begun}, {@code opened},
 * {@code half} (of the first queue's tags are fetched) or {@code fetched} (all are).
 */
public final class DyingRecovery {

  private static final int NOTHING = 0;

  private DyingRecovery() {}

  /** Dies, if nothing else goes wrong, as if it were killed. */
  public static void main(String[] arguments) throws IOException {
    BlockDevice device =
        PersistentDevice.open(Path.of(arguments[1]), Long.parseLong(arguments[2]) << 20);
    long cookie = arguments.length > 4 ? Long.parseLong(arguments[4]) : 42;
    UblkOptions options =
        UblkOptions.defaults().withId(Integer.parseInt(arguments[3])).withCookie(cookie);
    UblkDeviceInfo info =
        new RecoverDevice(UblkControl.open(), options, device.geometry()).obtain();
    if (!arguments[0].equals("begun")) {
      goOn(arguments[0], info, device);
    }
    System.out.println("dies");
    System.out.flush();
    Runtime.getRuntime().halt(NOTHING);
  }

  private static void goOn(String step, UblkDeviceInfo info, BlockDevice device)
      throws IOException {
    LinuxFile file = LinuxFile.open(info.charPath(), LinuxFile.O_RDWR, 0);
    Queues queues = new Queues(info, device, file);
    BitSet anywhere = BitSet.valueOf(new long[] {-1L});
    for (int queue = 0; queue < info.queues(); queue++) {
      queues.add(List.of(anywhere), Polling.OFF, UblkOptions.ANY_NODE);
    }
    switch (step) {
      case "opened" -> {}
      case "half" -> fetch(info, file, info.depth() / 2);
      case "fetched" -> queues.start();
      default -> throw new IOException("unknown step " + step);
    }
  }

  private static void fetch(UblkDeviceInfo info, LinuxFile file, int tags) throws LinuxException {
    Ring ring = Ring.open(RingOptions.forThisThread(tags));
    ring.registerFiles(file.fd());
    SubmissionQueue entries = ring.submissions();
    long buffers = Memory.mapAnonymous((long) tags * info.maxIoBytes()).address();
    for (int tag = 0; tag < tags; tag++) {
      Sqe.command(
          entries.memory(),
          entries.next(),
          Sqe.FIXED_FILE,
          0,
          UblkAbi.FETCH_REQ,
          UblkAbi.ioCommand(0, tag, 0),
          buffers + (long) tag * info.maxIoBytes(),
          tag);
    }
    ring.submitAndWait(0);
  }
}
