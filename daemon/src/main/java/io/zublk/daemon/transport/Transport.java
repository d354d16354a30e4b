package io.zublk.daemon.transport;

import io.zublk.daemon.DeviceConfig;
import io.zublk.daemon.settings.PerformanceSettings;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/** A running transport, as a device's process sees it. */
public interface Transport extends AutoCloseable {

  /** What a client opens: a block device's path or an NBD URI. */
  String path();

  /** {@code config}, with what {@link TransportFactory#recover} needs to bring users back here. */
  default DeviceConfig settled(DeviceConfig config) {
    return config;
  }

  /** How many threads serve requests. */
  int streams();

  /** Counters for {@code stat}, by the name they have there. */
  Map<String, Object> counters();

  /** Requests that were refused as wrong before the store was asked. */
  default long invalidIo() {
    return 0;
  }

  /** Why this device should not be taken from its users now: {@code mounted on /mnt}. */
  Optional<String> use();

  /** Goes on with settings of which those may differ that can change while it serves. */
  default void adopt(PerformanceSettings settings) {}

  /**
   * Has those threads keep to their part of the process's CPUs that do; all threads have just been
   * moved to all of them.
   *
   * @throws IOException if they cannot; then some may be anywhere among these
   */
  default void moved(PerformanceSettings settings) throws IOException {}

  /** Why its users cannot be told of another size; empty if they can be. */
  default Optional<String> obstacleToResize() {
    return Optional.empty();
  }

  /**
   * Tells users of the size that the device has now, which has changed.
   *
   * @return what they must do for it, in words for whoever changed it; empty if nothing
   * @throws IOException if they cannot be told; then the device gets its old size again
   */
  Optional<String> resized() throws IOException;

  /** Where the device is mounted, {@code [SWAP]} if it is swap; empty if neither. */
  default String mountpoint() {
    return "";
  }

  /**
   * Completes the requests in flight and takes the transport down; nothing of it is left.
   *
   * @throws IOException if it may be otherwise; the store's memory must then stay where it is
   */
  @Override
  void close() throws IOException;

  /**
   * Prepares to hand over to a process that takes more than the device's name.
   *
   * @param patience how long requests in flight, and users who do not take their answers, are
   *     waited for
   * @throws IOException if that is not enough; then it serves on as if nothing had been
   */
  default Offer offer(Duration patience) throws IOException {
    return Offer.NOTHING;
  }

  /**
   * Completes the requests in flight and leaves the device to whoever {@linkplain
   * TransportFactory#recover recovers} it; its users wait until then, if the transport can have
   * them wait. In place of {@link #close}; for a transport that has failed, too.
   *
   * @throws IOException if it may be otherwise; the store's memory must then stay where it is
   */
  void handOver() throws IOException;
}
