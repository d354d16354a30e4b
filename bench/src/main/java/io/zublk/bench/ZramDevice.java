package io.zublk.bench;

import io.zublk.codec.Algorithm;
import io.zublk.codec.PackingSpec;
import io.zublk.daemon.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** A kernel zram device of our own, made for one measurement and removed after it. Needs root. */
final class ZramDevice implements DeviceTarget {

  private static final Path CONTROL = Path.of("/sys/class/zram-control");

  private final String id;
  private final String name;
  private final long bytes;
  private final Path sys;

  private ZramDevice(String id, String algorithm, long bytes) {
    this.id = id;
    this.name = "zram " + algorithm;
    this.bytes = bytes;
    this.sys = Path.of("/sys/block/zram" + id);
  }

  /** Why there is no zram here; empty if there is. */
  static String missing() {
    if (!Files.isDirectory(CONTROL)) {
      return "this kernel has no zram (modprobe zram)";
    }
    return isAvailable() ? "" : "it takes root";
  }

  static boolean isAvailable() {
    return Files.isWritable(CONTROL.resolve("hot_remove"));
  }

  /**
   * The algorithm of the zram that is measured beside ours: without a level, since rivals have only
   * their defaults, and without {@code line}, which no kernel has.
   */
  static String beside(PackingSpec ours) {
    Algorithm rest = ours.rest().algorithm();
    return (ours.lineFirst() && rest == Algorithm.NONE ? Algorithm.LZ4 : rest).label();
  }

  /**
   * Makes a device.
   *
   * @throws UserException if there is no zram, or it lacks the algorithm
   */
  static ZramDevice create(String algorithm, long bytes) throws IOException {
    if (!missing().isEmpty()) {
      throw new UserException(missing());
    }
    String id = Files.readString(CONTROL.resolve("hot_add")).strip();
    ZramDevice device = new ZramDevice(id, algorithm, bytes);
    try {
      Files.writeString(device.sys.resolve("comp_algorithm"), algorithm);
    } catch (IOException e) {
      device.close();
      throw new UserException("this kernel's zram has no " + algorithm, e);
    }
    try {
      Files.writeString(device.sys.resolve("disksize"), Long.toString(bytes));
      return device;
    } catch (IOException e) {
      device.close();
      throw e;
    }
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public long sizeBytes() {
    return bytes;
  }

  @Override
  public Address address() {
    return new Address("/dev/zram" + id);
  }

  /** The first three fields of mm_stat: orig_data_size, compr_data_size, mem_used_total. */
  @Override
  public Optional<MemoryUse> memory() throws IOException {
    String[] fields = Files.readString(sys.resolve("mm_stat")).strip().split("\\s+", -1);
    return Optional.of(
        new MemoryUse(
            Long.parseLong(fields[0]), Long.parseLong(fields[1]), Long.parseLong(fields[2])));
  }

  @Override
  public void close() throws IOException {
    Files.writeString(sys.resolve("reset"), "1");
    Files.writeString(CONTROL.resolve("hot_remove"), id);
  }
}
