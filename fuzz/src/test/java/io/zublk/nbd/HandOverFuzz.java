package io.zublk.nbd;

import io.zublk.fuzz.Runs;
import io.zublk.uring.sys.LinuxSocket;
import java.io.IOException;
import java.util.Arrays;
import java.util.Collections;

/**
 * Whatever a process gives that is taken for a server: it is refused, or what is read of it is
 * written and read again as the same.
 *
 * <pre>
 *   input: clients | body of a message
 * </pre>
 */
@Runs(100_000)
public final class HandOverFuzz {

  private static final LinuxSocket NONE = LinuxSocket.adopt("none", -1);

  private HandOverFuzz() {}

  public static void fuzzerTestOneInput(byte[] data) throws IOException {
    if (data.length == 0) {
      return;
    }
    byte[] body = Arrays.copyOfRange(data, 1, data.length);
    NbdHandOver read;
    try {
      read = HandOverMessage.decode(body, Collections.nCopies(1 + (data[0] & 7), NONE));
    } catch (IOException e) {
      return; // refused
    }
    byte[] written = HandOverMessage.encode(read);
    NbdHandOver again =
        HandOverMessage.decode(written, Collections.nCopies(1 + read.count(), NONE));
    if (!Arrays.equals(written, HandOverMessage.encode(again))) {
      throw new AssertionError("read otherwise than it is written");
    }
  }
}
