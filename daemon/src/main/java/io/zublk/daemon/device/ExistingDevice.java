package io.zublk.daemon.device;

import io.zublk.daemon.registry.DeviceDir;
import io.zublk.daemon.registry.RunDir;
import io.zublk.daemon.transport.IdTakenException;
import io.zublk.daemon.transport.Transports;
import java.io.IOException;
import java.util.function.Consumer;

/**
 * A device that was there before this process. From the claim on it can be recovered by another,
 * whatever becomes of this one; before, what becomes of it is not for this one to judge.
 */
abstract class ExistingDevice implements Origin {

  final DeviceDir dir;
  final Transports transports;
  final Consumer<String> notices;

  /** Of what users wait for. */
  final Stopwatch watch = new Stopwatch();

  private Claim claim;

  ExistingDevice(DeviceDir dir, Transports transports, Consumer<String> notices) {
    this.dir = dir;
    this.transports = transports;
    this.notices = notices;
  }

  /** To be called when nobody else has it any more. */
  Claim claimAgain(RunDir.Lock lock) throws IOException {
    lock.requireFor(dir.runDir());
    claim = new Claim(dir.runDir(), dir, dir.claimAgain());
    return claim;
  }

  /** Its id is what users know it by. */
  @Override
  public final boolean triesAgainAfter(IdTakenException taken) {
    return false;
  }

  @Override
  public final boolean isKnown() {
    return claim != null;
  }

  @Override
  public final String remark() {
    return "; " + watch;
  }
}
