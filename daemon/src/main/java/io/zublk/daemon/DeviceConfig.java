package io.zublk.daemon;

import io.soabase.recordbuilder.core.RecordBuilder;
import io.zublk.codec.PackingSpec;
import io.zublk.store.StoreOptions;
import java.util.Objects;

/**
 * Everything that was asked of one device. Making one checks all that can be checked without the
 * machine, and settles relative paths, since the device's process has another working directory.
 *
 * @param runDir the absolute run directory
 * @param id the device's id, or {@link #ANY_ID}
 * @param sizeBytes the device's size in bytes
 * @param algorithm what pages are packed with, as the user wrote it: {@code lz4}, say, {@code
 *     zstd(level=3)} or {@code auto}
 * @param memLimitBytes the most memory the store may use, in bytes; 0 for no limit
 * @param transport how requests arrive
 * @param nbd where and for whom an NBD server serves, if it is one
 * @param performance how fast it is to be, and at what price
 * @param onCrash what becomes of it when its process dies
 */
@RecordBuilder
public record DeviceConfig(
    String runDir,
    int id,
    long sizeBytes,
    String algorithm,
    long memLimitBytes,
    TransportKind transport,
    NbdConfig nbd,
    PerformanceConfig performance,
    OnCrash onCrash)
    implements DeviceConfigBuilder.With {

  /** The lowest free id. */
  public static final int ANY_ID = -1;

  /** ublk numbers its devices with a minor number of 20 bits (include/linux/kdev_t.h). */
  public static final int MAX_ID = (1 << 20) - 1;

  /**
   * Checks and normalises.
   *
   * @throws UserException or IllegalArgumentException with one line for the user
   */
  public DeviceConfig {
    if (id < ANY_ID || id > MAX_ID) {
      throw new UserException("id " + id + " is not in 0.." + MAX_ID);
    }
    // The modules that will use these know best what is wrong with them; each says it in one line.
    PackingSpec packing = PackingSpec.parse(algorithm);
    algorithm = algorithm.equals(PackingSpec.AUTO) ? algorithm : packing.toString();
    var _ = new StoreOptions(sizeBytes, packing, memLimitBytes);
    nbd = Objects.requireNonNullElse(nbd, NbdConfig.DEFAULT);
    if (transport == TransportKind.UBLK && !nbd.names().isEmpty()) {
      throw new UserException(
          String.join(", ", nbd.names()) + ": about an NBD server, which needs --transport nbd");
    }
    performance = Objects.requireNonNullElse(performance, PerformanceConfig.DEFAULT);
    onCrash = Objects.requireNonNullElse(onCrash, OnCrash.RECOVER);
    if (transport == TransportKind.NBD && !performance.ublkOptions().isEmpty()) {
      throw new UserException(
          String.join(", ", performance.ublkOptions())
              + ": about ublk's hardware queues, and NBD has none; leave it out");
    }
  }

  /** With the algorithm that it is on this machine, if it was left open. */
  public DeviceConfig withSettledAlgorithm() {
    return withAlgorithm(PackingSpec.parse(algorithm).toString());
  }

  public StoreOptions storeOptions() {
    return new StoreOptions(sizeBytes, PackingSpec.parse(algorithm), memLimitBytes);
  }
}
