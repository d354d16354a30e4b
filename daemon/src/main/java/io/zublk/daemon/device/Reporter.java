package io.zublk.daemon.device;

import io.zublk.daemon.ReadyDevice;
import java.io.IOException;
import java.nio.file.Path;

/** Tells whoever started a device what becomes of it. */
interface Reporter {

  /** Something worth one line on the user's stderr, should the device come to serve. */
  void notice(String line);

  /** Whether whoever started this process waits for its end. */
  default boolean isAwaited() {
    return false;
  }

  /**
   * The device serves.
   *
   * @throws IOException if nobody is left to hear it: then nobody knows of the device either
   */
  void ready(ReadyDevice device) throws IOException;

  /**
   * All is reported. Where nobody reads this process's standard output from now on, what the JVM
   * has to say goes into a file.
   */
  default void nobodyListens(Path file) throws IOException {}

  /** The device begins to end. */
  default void stopping(String reason) {}

  /**
   * The device does not serve, or no longer does, and what its {@link Outcome} leaves of it is all
   * that there is.
   *
   * @param line for the user
   * @param trace for whoever asked for one
   */
  void failed(String line, String trace);
}
