package io.zublk.cli;

import io.zublk.daemon.DeviceChange;
import io.zublk.daemon.Devices;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code zublk set}. */
@Command(
    name = "set",
    description = {
      "Changes settings of a device while it serves, at once: all that are named, or none.",
      "mem-limit=SIZE (0: none; what is stored stays, and may be overwritten at the limit),",
      "mem-used-max=0 (counts the most memory used anew), workers=N and staging=SIZE (up to what",
      "the device's process was started with; staging=0: writers compress), batch-timeout-us=N,",
      "cpu-affinity=LIST (or all) and, over ublk and vhost, polling=on|off, poll-spin-cycles=N,",
      "poll-adaptive=on|off."
    })
final class SetCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Parameters(index = "0", paramLabel = "DEV", description = "Its id, path, URI or address.")
  private String device;

  @Parameters(
      index = "1..*",
      arity = "1..*",
      paramLabel = "KEY=VALUE",
      description = "Settings, named like create's options.")
  private List<String> words;

  @Override
  public Integer call() {
    DeviceChange change = Usage.checked(spec, () -> SettingWords.parse(words));
    Devices.ofEnvironment().find(device).set(change);
    return 0;
  }
}
