package io.zublk.daemon.control;

import java.io.IOException;
import java.nio.channels.ByteChannel;

/** What goes on between a device and a client after the line of a reply. */
@FunctionalInterface
public interface Stream {

  /**
   * Runs in a thread of its own, until it is done or the channel is closed, which the client may
   * do, or the device when it ends.
   */
  void serve(ByteChannel client) throws IOException;
}
