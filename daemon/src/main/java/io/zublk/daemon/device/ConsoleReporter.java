package io.zublk.daemon.device;

import io.zublk.daemon.Json;
import io.zublk.daemon.ReadyDevice;
import io.zublk.uring.sys.LinuxException;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Reports to the terminal of a device in the foreground, and to its service manager. */
final class ConsoleReporter implements Reporter {

  // As PipeReporter keeps them.
  private final List<String> notices = new ArrayList<>();

  private final Optional<ServiceManager> manager = ServiceManager.ofEnvironment();
  private final boolean json;
  private final boolean debug;

  ConsoleReporter(boolean json, boolean debug) {
    this.json = json;
    this.debug = debug;
  }

  @Override
  public boolean isAwaited() {
    return true;
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
    tell(listener -> listener.ready("serving " + device.path()));
  }

  @Override
  public void stopping(String reason) {
    tell(listener -> listener.stopping(reason));
  }

  /** What is said to a service manager. */
  private interface Word {
    void to(ServiceManager listener) throws LinuxException;
  }

  /** A device serves whether or not somebody listens. */
  private void tell(Word word) {
    try {
      if (manager.isPresent()) {
        word.to(manager.get());
      }
    } catch (LinuxException e) {
      System.err.println("zublk: the service manager cannot be told: " + e.getMessage());
    }
  }

  @Override
  public void failed(String line, String trace) {
    System.err.println("zublk: " + line);
    tell(listener -> listener.status(line));
    if (debug) {
      System.err.print(trace);
    }
  }
}
