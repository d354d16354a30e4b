package io.zublk.daemon.transport;

import io.zublk.block.BlockDevice;
import io.zublk.block.FailureListener;
import io.zublk.daemon.DeviceConfig;
import io.zublk.daemon.settings.PerformanceSettings;
import io.zublk.uring.sys.LinuxSocket;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Makes transports of one kind, and knows what those that are gone may leave outside of a device's
 * directory. {@link Transports} has one for each kind.
 */
public interface TransportFactory {

  /** Why there can be no such transport here, with what to do about it; empty if there can. */
  Optional<String> obstacle();

  /**
   * Says what a device will not get, of all that it is to have, because of its transport.
   *
   * @param notices takes what the user should know, a line at a time
   */
  void noticeLimits(DeviceConfig config, Consumer<String> notices);

  /** The ids that are taken outside of any run directory, by whichever program. */
  Set<Integer> takenIds();

  /**
   * Starts to serve.
   *
   * @param config with its id settled
   * @param identity the device's identity, to recognise our own device in the kernel by
   * @param socket where a server listens that was not told where
   * @param listener is told why, if the device is served no more though nobody closed its transport
   * @throws IdTakenException if another program has the id
   */
  Transport start(
      BlockDevice device,
      DeviceConfig config,
      long identity,
      PerformanceSettings settings,
      Path socket,
      FailureListener listener)
      throws IOException;

  /**
   * Goes on serving a device whose process is gone: users find it where it was, and what they had
   * asked for meanwhile is served now.
   *
   * @param device of the same size as before
   * @param config as it was settled
   * @param identity that of the device
   * @param socket as for {@link #start}
   * @param listener as for {@link #start}
   * @throws IOException why not, with what to do; whoever comes next may try again
   */
  Transport recover(
      BlockDevice device,
      DeviceConfig config,
      long identity,
      PerformanceSettings settings,
      Path socket,
      FailureListener listener)
      throws IOException;

  /**
   * Takes what a transport of this kind in another process has {@linkplain Offer offered}.
   *
   * @throws IOException if it cannot be understood, or does not come; the other process still has
   *     it
   */
  default Inheritance inherit(LinuxSocket from) throws IOException {
    return new Inheritance() {
      @Override
      public Transport resume(
          BlockDevice device,
          DeviceConfig config,
          long identity,
          PerformanceSettings settings,
          Path socket,
          FailureListener listener)
          throws IOException {
        return recover(device, config, identity, settings, socket, listener);
      }

      @Override
      public void close() {
        // it is nothing
      }
    };
  }

  /**
   * Does with a device of no importance what is about to be done with another one, for which users
   * will wait: so that this process is quick then.
   *
   * @param socket where a server may listen meanwhile
   */
  default void rehearse(
      BlockDevice device, DeviceConfig config, PerformanceSettings settings, Path socket)
      throws IOException {}

  /**
   * Makes what users ask of a dead process's device fail, instead of waiting for somebody who
   * recovers it. It can be recovered later, but those who have it open now must open it again.
   *
   * @param identity that of the device; 0 if the process died before it had one
   */
  void abandon(DeviceConfig config, long identity) throws IOException;

  /**
   * Why what a dead process's transport left should not be taken from its users now: {@code
   * /dev/ublkb0 is mounted on /mnt}.
   *
   * @param identity that of the device; 0 if the process died before it had one
   */
  Optional<String> useAfter(DeviceConfig config, long identity) throws IOException;

  /**
   * Takes away what a dead process's transport left.
   *
   * @param identity that of the device; 0 if the process died before it had one
   */
  void clearAfter(DeviceConfig config, long identity) throws IOException;
}
