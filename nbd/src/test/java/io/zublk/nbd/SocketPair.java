package io.zublk.nbd;

import io.zublk.uring.sys.LinuxSocket;
import io.zublk.uring.sys.PollSet;
import java.io.IOException;

/** Two connected sockets. */
record SocketPair(LinuxSocket here, LinuxSocket there) implements AutoCloseable {

  static SocketPair open() throws IOException {
    LinuxSocket[] both = LinuxSocket.pair();
    return new SocketPair(both[0], both[1]);
  }

  /** Whether this end was hung up on, or says something. */
  boolean isHungUp() {
    return new PollSet(there.fd()).await(0) > 0;
  }

  @Override
  public void close() {
    here.close();
    there.close();
  }
}
