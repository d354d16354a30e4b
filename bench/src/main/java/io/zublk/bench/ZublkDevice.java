package io.zublk.bench;

import io.zublk.daemon.Device;
import io.zublk.daemon.Devices;
import io.zublk.daemon.UserException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A device of this run directory: one made for the measurement, or one that was there before. */
final class ZublkDevice implements DeviceTarget {

  /** Longer than it keeps free memory for the next burst: a second, noticed within one more. */
  private static final int SETTLE_MILLIS = 2_200;

  /** What {@link #memory} takes as a rule: two looks. */
  static final double SETTLE_SECONDS = 2 * SETTLE_MILLIS / 1e3;

  /** A pool of 64 MiB is compressed in a second or two, also by zstd. */
  private static final int SETTLE_TRIES = 7;

  /** The compiler takes a second for the coder of lines, on a busy machine several. */
  private static final Duration CODER_LIMIT = Duration.ofSeconds(60);

  private final String name;
  private final Device device;
  private final boolean ours;

  private ZublkDevice(String name, Device device, boolean ours) {
    this.name = name;
    this.device = device;
    this.ours = ours;
  }

  /**
   * One that {@link DeviceMaker} made: it goes when the measurement ends. Packs pages as it always
   * will: without its coder of lines it would keep what it is filled with as lz4.
   *
   * @throws UserException if it has not got its coder within a minute; then it is gone
   */
  static ZublkDevice made(String name, int id) {
    ZublkDevice target = new ZublkDevice(name, find(Integer.toString(id)), true);
    try {
      target.awaitCoder();
    } catch (UserException e) {
      boolean interrupted = Thread.interrupted(); // else it could not be removed
      target.close();
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
      throw e;
    }
    return target;
  }

  private void awaitCoder() {
    try {
      if (!device.awaitCoder(CODER_LIMIT)) {
        throw new UserException(
            "device %d has no coder of lines after %d s; see its log"
                .formatted(device.id(), CODER_LIMIT.toSeconds()));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UserException("interrupted", e);
    }
  }

  /**
   * One that exists, by its id, path or URI.
   *
   * @param overwrite whether what it holds may be lost
   * @throws UserException if it does not exist, or holds something
   */
  static ZublkDevice existing(String called, boolean overwrite) {
    Device device = find(called);
    ZublkDevice target = new ZublkDevice("zublk " + device.algorithm(), device, false);
    if (!overwrite && target.memoryNow().orig() > 0) {
      throw new UserException(
          "device %s is not empty: --overwrite lets the benchmark destroy what it holds"
              .formatted(called));
    }
    return target;
  }

  private static Device find(String called) {
    return Devices.ofEnvironment().find(called);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public long sizeBytes() {
    return device.sizeBytes();
  }

  @Override
  public Address address() {
    return new Address(device.path());
  }

  /** What it takes when that stays the same: staged pages are memory that is yet uncompressed. */
  @Override
  public Optional<MemoryUse> memory() {
    MemoryUse before = memoryNow();
    for (int tries = 0; tries < SETTLE_TRIES; tries++) {
      Cleanup.sleep(SETTLE_MILLIS);
      MemoryUse now = memoryNow();
      if (now.equals(before)) {
        break;
      }
      before = now;
    }
    return Optional.of(before);
  }

  @Override
  public List<String> condition() {
    return device.condition();
  }

  /** What {@code zublk stat --json} says. */
  Map<String, Object> stat() {
    return device.stat();
  }

  private MemoryUse memoryNow() {
    Map<String, Object> stat = stat();
    return new MemoryUse(
        number(stat, "orig_data_size"),
        number(stat, "compr_data_size"),
        number(stat, "mem_used_total"));
  }

  private static long number(Map<String, Object> stat, String field) {
    return stat.get(field) instanceof Number value ? value.longValue() : 0;
  }

  @Override
  public void close() {
    if (ours) {
      device.remove(true);
    }
  }
}
