package io.zublk.daemon;

import io.soabase.recordbuilder.core.RecordBuilder;
import io.zublk.codec.PackingSpec;
import io.zublk.store.StoreOptions;
import java.util.List;
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
 * @param swap whether this machine may swap to it
 * @param standby whether a second process waits for the death of the first, and then goes on
 * @param vhost where and for whom a vhost-user server serves, if it is one
 * @param created what was asked for in place of {@code performance} when the device was made, if
 *     that was changed since; else null
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
    OnCrash onCrash,
    boolean swap,
    boolean standby,
    VhostConfig vhost,
    PerformanceConfig created)
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
    vhost = Objects.requireNonNullElse(vhost, VhostConfig.DEFAULT);
    performance = Objects.requireNonNullElse(performance, PerformanceConfig.DEFAULT);
    onCrash = Objects.requireNonNullElse(onCrash, OnCrash.RECOVER);
    refuse(
        transport == TransportKind.UBLK || transport == TransportKind.VHOST
            ? nbd.names()
            : List.of(),
        "about an NBD server, which needs --transport nbd");
    refuseOptions(transport, performance);
    if (standby) {
      requireSense(onCrash);
    }
    if (swap) {
      performance = forSwap(transport, performance);
    }
    created = performance.equals(created) ? null : created;
  }

  private static void refuseOptions(TransportKind transport, PerformanceConfig performance) {
    switch (transport) {
      case NBD -> {
        refuse(performance.vhostOptions(), "about a vhost-user server; leave it out");
        refuse(
            performance.queueOptions(),
            "about ublk's hardware queues, and NBD has none; leave it out");
      }
      case VHOST ->
          refuse(
              performance.ublkOptions(),
              "about ublk's hardware queues; a client of vhost-user makes its own");
      case UBLK, AUTO ->
          refuse(
              performance.vhostOptions(),
              "about a vhost-user server, which needs --transport vhost");
      case null -> {} // of a record that is not complete
    }
  }

  private static void refuse(List<String> options, String reason) {
    if (!options.isEmpty()) {
      throw new UserException(String.join(", ", options) + ": " + reason);
    }
  }

  private static void requireSense(OnCrash onCrash) {
    if (onCrash == OnCrash.KEEP) {
      throw new UserException(
          "--standby: a second process, which goes on when the first has died; with --on-crash keep"
              + " none does");
    }
  }

  /** Of a device that no machine swaps to, and for which no second process waits. */
  public DeviceConfig(
      String runDir,
      int id,
      long sizeBytes,
      String algorithm,
      long memLimitBytes,
      TransportKind transport,
      NbdConfig nbd,
      PerformanceConfig performance,
      OnCrash onCrash) {
    this(
        runDir,
        id,
        sizeBytes,
        algorithm,
        memLimitBytes,
        transport,
        nbd,
        performance,
        onCrash,
        false,
        false,
        null,
        null);
  }

  /** Staged pages need memory after they are acknowledged, when there may be none. */
  private static PerformanceConfig forSwap(TransportKind transport, PerformanceConfig asked) {
    if (transport == TransportKind.NBD || transport == TransportKind.VHOST) {
      throw new UserException(
          ("--swap needs ublk: a machine that swaps over %s to a server of its own waits for memory"
                  + " that only the server could give it")
              .formatted(transport == TransportKind.NBD ? "NBD" : "vhost-user"));
    }
    if (asked.asksForBatches()) {
      throw new UserException(
          "--staging, --batch-pages, --batch-timeout-us: with --swap nothing is staged, as it would"
              + " need memory later; leave them out");
    }
    if (asked.workers() != null && asked.workers() == 0) {
      throw new UserException("--workers 0: --swap needs one, to give memory back");
    }
    return PerformanceConfigBuilder.builder(asked).stagingPages(0).build();
  }

  /** With the algorithm that it is on this machine, if it was left open. */
  public DeviceConfig withSettledAlgorithm() {
    return withAlgorithm(PackingSpec.parse(algorithm).toString());
  }

  /**
   * What was asked for about its speed when it was made: each of its processes lays out as much,
   * whatever was set since.
   */
  public PerformanceConfig performanceWhenCreated() {
    return created == null ? performance : created;
  }

  /** With other settings than it was made with, which it does not forget. */
  public DeviceConfig withChanged(PerformanceConfig changed) {
    PerformanceConfig made = performanceWhenCreated();
    return withPerformance(changed).withCreated(made);
  }

  public StoreOptions storeOptions() {
    return new StoreOptions(sizeBytes, PackingSpec.parse(algorithm), memLimitBytes);
  }
}
