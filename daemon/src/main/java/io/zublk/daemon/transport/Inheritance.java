package io.zublk.daemon.transport;

import java.io.IOException;

/** What another process has {@linkplain Offer sent} of its transport. */
@FunctionalInterface
public interface Inheritance extends AutoCloseable {

  /**
   * Goes on where the other process has left off; its users notice a pause. The inheritance is the
   * transport's then.
   *
   * @param assignment as for {@link TransportFactory#recover}
   */
  Transport resume(Assignment assignment) throws IOException;

  /** Lets go of it, without a word to anybody; for who will not go on with it. */
  @Override
  default void close() {
    // users find the next process without anything
  }
}
