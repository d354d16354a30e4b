package io.zublk.daemon.registry;

import io.zublk.daemon.Json;
import io.zublk.daemon.UserException;
import io.zublk.fuzz.Runs;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** A device's record, as another version, another user or a full disk may have left it. */
@Runs(30_000)
public final class RecordFuzz {

  private RecordFuzz() {}

  public static void fuzzerTestOneInput(byte[] data) throws IOException {
    DeviceRecord record;
    try {
      record = Json.record(DeviceRecord.class, new String(data, StandardCharsets.UTF_8));
    } catch (IOException | IllegalArgumentException | UserException e) {
      return; // what DeviceDir takes for a record that cannot be read
    }
    if (record != null && record.state() != null && record.config() != null) {
      DeviceRecord again = Json.record(DeviceRecord.class, Json.line(record));
      if (!again.equals(record)) {
        throw new AssertionError(record + " was written and read as " + again);
      }
    }
  }
}
