package io.zublk.daemon.device;

import io.zublk.daemon.DeviceConfig;
import io.zublk.daemon.registry.DeviceRecord;
import io.zublk.daemon.registry.RunDir;
import io.zublk.daemon.transport.Assignment;
import io.zublk.daemon.transport.IdTakenException;
import io.zublk.daemon.transport.Transport;
import io.zublk.daemon.transport.TransportFactory;
import io.zublk.store.PageStore;
import io.zublk.store.StoreTuning;
import java.io.IOException;

/**
 * Where a device's process has its device from: the steps of its start that differ by that, and
 * what becomes of a device that does not come to serve.
 */
interface Origin {

  /**
   * What the device is to be on this machine. Its id may still be open.
   *
   * @throws io.zublk.daemon.UserException if there cannot be such a device
   */
  DeviceConfig settle() throws IOException;

  /** Takes the device's id for this process, under the run directory's lock. */
  Claim claim(RunDir.Lock lock) throws IOException;

  /** What this process writes down before it makes anything. */
  DeviceRecord begin(Claim claim) throws IOException;

  /** What this process is about to do, for the log. */
  String plan();

  PageStore openStore(DeviceRecord record, StoreTuning tuning) throws IOException;

  Transport startTransport(TransportFactory factory, Assignment assignment) throws IOException;

  /** Whether to begin once more, with another id. */
  boolean triesAgainAfter(IdTakenException taken);

  /** The device serves. */
  default void served() throws IOException {}

  /** What the log is to say beside that it serves. */
  default String remark() {
    return "";
  }

  /** What has failed if the device does not come to serve: {@code recovered}. */
  default String deed() {
    return "recovered";
  }

  /** Whether somebody may use the device already, or have data on it, before it serves. */
  boolean isKnown();

  /** What becomes of a device that has not come to serve. */
  default Outcome ifItNeverServes() {
    return isKnown() ? Outcome.KEEP : Outcome.DELETE;
  }
}
