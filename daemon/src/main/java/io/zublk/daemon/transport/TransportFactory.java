package io.zublk.daemon.transport;

import io.zublk.daemon.DeviceConfig;
import io.zublk.uring.sys.LinuxSocket;
import java.io.IOException;
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
   * @throws IdTakenException if another program has the id
   */
  Transport start(Assignment assignment) throws IOException;

  /**
   * Goes on serving a device whose process is gone: users find it where it was, and what they had
   * asked for meanwhile is served now.
   *
   * @param assignment with the device's size, identity and settled configuration as before
   * @throws IOException why not, with what to do; whoever comes next may try again
   */
  default Transport recover(Assignment assignment) throws IOException {
    return start(assignment);
  }

  /**
   * Takes what a transport of this kind in another process has {@linkplain Offer offered}.
   *
   * @throws IOException if it cannot be understood, or does not come; the other process still has
   *     it
   */
  default Inheritance inherit(LinuxSocket from) throws IOException {
    return this::recover;
  }

  /**
   * Does with a device of no importance what is about to be done with another one, for which users
   * will wait: so that this process is quick then.
   *
   * @param assignment whose socket is one where a server may listen meanwhile
   */
  default void rehearse(Assignment assignment) throws IOException {}

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
