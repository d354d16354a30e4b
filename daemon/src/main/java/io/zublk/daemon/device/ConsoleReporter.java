package io.zublk.daemon.device;

import io.zublk.daemon.Json;
import io.zublk.daemon.ReadyDevice;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Reports to the terminal of a device in the foreground. */
final class ConsoleReporter implements Reporter {

  // As PipeReporter keeps them.
  private final List<String> notices = new ArrayList<>();

  private final boolean json;
  private final boolean debug;

  ConsoleReporter(boolean json, boolean debug) {
    this.json = json;
    this.debug = debug;
  }

  @Override
  public void notice(String line) {
    notices.add(line);
  }

  @Override
  public void ready(ReadyDevice device) throws IOException {
    notices.forEach(notice -> System.err.println("zublk: " + notice));
    String line = json ? Json.line(device.members()) : device.path();
    try {
      new FileOutputStream(FileDescriptor.out)
          .write((line + "\n").getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new IOException("cannot write to standard output: " + e.getMessage(), e);
    }
  }

  @Override
  public void failed(String line, String trace) {
    System.err.println("zublk: " + line);
    if (debug) {
      System.err.print(trace);
    }
  }
}
