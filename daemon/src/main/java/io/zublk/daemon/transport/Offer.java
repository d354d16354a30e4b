package io.zublk.daemon.transport;

import io.zublk.uring.sys.LinuxSocket;
import java.io.IOException;

/**
 * What a transport leaves to that of another process of its device, which {@linkplain
 * TransportFactory#inherit inherits} it. Users may have to wait from the moment at which there is
 * one; then it is {@linkplain #takeBack taken back}, or the transport {@linkplain
 * Transport#handOver hands over}.
 */
public interface Offer {

  /** Nothing travels: users find the next process without that. */
  Offer NOTHING =
      new Offer() {
        @Override
        public void send(LinuxSocket to) {
          // nothing
        }

        @Override
        public void takeBack() {
          // nobody has noticed anything
        }
      };

  /**
   * Sends it; both processes have it then, and one may go on.
   *
   * @throws IOException if the other one does not take it
   */
  void send(LinuxSocket to) throws IOException;

  /** The transport serves on, as if nothing had been. */
  void takeBack();
}
