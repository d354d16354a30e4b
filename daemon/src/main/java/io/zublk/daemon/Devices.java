package io.zublk.daemon;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;

/** The devices of a run directory, of whatever process. */
public final class Devices {

  private final RunDir runDir;

  public Devices(RunDir runDir) {
    this.runDir = runDir;
  }

  /** All that have written down what they are, by id: serving, starting and dead ones. */
  public List<Device> all() {
    return runDir.devices().stream()
        .flatMap(dir -> dir.record().map(record -> new Device(dir, record)).stream())
        .toList();
  }

  /**
   * Finds a device by its id, path or URI.
   *
   * @throws UserException if there is none in this run directory
   */
  public Device find(String name) {
    return all().stream()
        .filter(device -> device.isCalled(name))
        .findFirst()
        .orElseThrow(() ->
            new UserException(
                "no device '%s' in %s; 'zublk list' shows those there are"
                    .formatted(name, runDir.path())));
  }

  /** Clears away what processes left that died before their devices served. */
  public void clearUnfinished() {
    if (!Files.isDirectory(runDir.path())) {
      return; // nor shall it be made for this
    }
    try (RunDir.Lock lock = runDir.lock()) {
      new StaleDevices(runDir, new Transports(), lock).clearUnfinished();
    } catch (IOException e) {
      throw new UserException("cannot clear away unfinished devices: " + e.getMessage(), e);
    }
  }
}
