package io.zublk.daemon.device;

import io.zublk.daemon.Json;
import io.zublk.daemon.ReadyDevice;
import io.zublk.uring.sys.Processes;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reports over the pipe that a background device has for standard output: one JSON object a line,
 * which {@code DeviceLauncher} reads. Lines that are no objects are the JVM's own.
 */
public final class PipeReporter implements Reporter {

  public static final String NOTICE = "notice";
  public static final String READY = "ready";
  public static final String FAILED = "failed";
  public static final String TRACE = "trace";

  // System.out would swallow the error that says the parent is gone.
  private final OutputStream out = new FileOutputStream(FileDescriptor.out);

  // Kept until the device serves: a failure is one line, whatever was noticed on the way to it.
  private final List<String> notices = new ArrayList<>();

  @Override
  public void notice(String line) {
    notices.add(line);
  }

  @Override
  public void ready(ReadyDevice device) throws IOException {
    for (String notice : notices) {
      send(Map.of(NOTICE, notice));
    }
    send(Map.of(READY, device.members()));
  }

  @Override
  public void nobodyListens(Path file) throws IOException {
    Processes.sendOutputTo(file);
  }

  @Override
  public void failed(String line, String trace) {
    Map<String, Object> message = new LinkedHashMap<>();
    message.put(FAILED, line);
    message.put(TRACE, trace);
    try {
      send(message);
    } catch (IOException e) {
      // The parent is gone; nothing is left of the device, so nothing is lost.
    }
  }

  private void send(Object message) throws IOException {
    out.write((Json.line(message) + "\n").getBytes(StandardCharsets.UTF_8));
    out.flush();
  }
}
