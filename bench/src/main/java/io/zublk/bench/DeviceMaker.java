package io.zublk.bench;

import java.util.List;

/**
 * Makes devices as {@code zublk create} does: the command line, which knows its options, is one.
 */
@FunctionalInterface
public interface DeviceMaker {

  /**
   * Makes a device.
   *
   * @param options as they would follow {@code zublk create}
   * @return its id in the run directory
   */
  int create(List<String> options);
}
