package io.zublk.daemon;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Map;

/** Values that several tests start from. */
final class Samples {

  private Samples() {}

  static DeviceConfig config(Path runDir, int id, String listen) {
    return new DeviceConfig(
        runDir.toString(),
        id,
        1 << 20,
        "lz4",
        0,
        TransportKind.NBD,
        NbdConfig.listeningAt(listen),
        null);
  }

  /** Settings by the names they have in a device's record; a null is one not asked for. */
  static PerformanceConfig performance(Map<String, Object> asked) {
    try {
      return Json.record(PerformanceConfig.class, Json.line(asked));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The record of a device of this very process. */
  static DeviceRecord starting(Path runDir, int id) {
    return DeviceRecord.starting(
        config(runDir, id, null), runDir.resolve("store").resolve(id + ".store"));
  }

  /** The same, of a process that runs no more: no process ever started at tick 0. */
  static DeviceRecord ofTheDead(DeviceRecord record) {
    return new DeviceRecord(
        record.id(),
        record.state(),
        record.pid(),
        0,
        record.path(),
        record.storeFile(),
        record.ublkCookie(),
        record.config(),
        record.deathCause());
  }

  /** Takes reports and keeps what matters of them. */
  static final class Ear implements Reporter {
    final java.util.List<String> notices = new java.util.ArrayList<>();

    @Override
    public void notice(String line) {
      notices.add(line);
    }

    @Override
    public void ready(ReadyDevice device) {}

    @Override
    public void failed(String line, String trace) {}
  }
}
