package io.zublk.cli;

import io.zublk.daemon.Devices;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code zublk abandon}. */
@Command(
    name = "abandon",
    description = {
      "Ends the wait of those who use a ublk device whose process died: they get I/O errors.",
      "What it holds is kept, and 'zublk recover' still takes it into service again."
    })
final class AbandonCommand implements Callable<Integer> {

  @Parameters(paramLabel = "DEV", description = "Its id, path, URI or address.")
  private String device;

  @Override
  public Integer call() {
    Devices.ofEnvironment().findToRecover(device).abandon("it was abandoned");
    return 0;
  }
}
