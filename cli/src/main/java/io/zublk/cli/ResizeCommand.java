package io.zublk.cli;

import io.zublk.daemon.Devices;
import io.zublk.store.StoreOptions;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code zublk resize}. */
@Command(
    name = "resize",
    description = {
      "Makes a device larger, by zeros at its end, or smaller, while it serves.",
      "It can grow to 16 times the size that it was made with. It shrinks if nobody uses it and",
      "nothing but zeros is on what goes. Over ublk it needs Linux 6.16; NBD clients notice when",
      "they connect again, as do those over vhost-user but for QEMU, which hears of it at once. A",
      "file system on it is resized by its own tool."
    })
final class ResizeCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Parameters(index = "0", paramLabel = "DEV", description = "Its id, path, URI or address.")
  private String device;

  @Parameters(
      index = "1",
      paramLabel = "SIZE",
      converter = Usage.Size.class,
      description = "The size that it is to have, as for create.")
  private long size;

  @Option(
      names = "--force",
      description = "Shrinks also if it is in use, and drops what is on what goes.")
  private boolean force;

  @Override
  public Integer call() {
    var _ = Usage.checked(spec, () -> StoreOptions.requireSize(size));
    Devices.ofEnvironment()
        .find(device)
        .resize(size, force)
        .ifPresent(notice -> spec.commandLine().getErr().println("zublk: " + notice));
    return 0;
  }
}
