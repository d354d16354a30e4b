package io.zublk.cli;

import io.zublk.daemon.Json;
import io.zublk.daemon.ReadyDevice;
import picocli.CommandLine;

/** What the user hears of a device that is started in the background. */
record StartedDevice(Main main, CommandLine command, boolean json) {

  /** What to know beside success or failure, a line at a time. */
  void notice(String line) {
    command.getErr().println("zublk: " + line);
    command.getErr().flush();
  }

  /** Its path or URI; and this process has done what it was for. */
  void announce(ReadyDevice device) {
    command.getOut().println(json ? Json.line(device.members()) : device.path());
    main.endBesideChild();
  }
}
