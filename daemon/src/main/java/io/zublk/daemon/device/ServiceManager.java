package io.zublk.daemon.device;

import io.zublk.uring.sys.DatagramSocket;
import io.zublk.uring.sys.LinuxException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * Who started this process as a service, and wants to know what becomes of it: systemd with {@code
 * Type=notify} (sd_notify(3)). It need not be told this process's id, which is the one it started:
 * each program on the way has replaced the one before.
 */
final class ServiceManager {

  private static final String VARIABLE = "NOTIFY_SOCKET";

  private final String socket;

  private ServiceManager(String socket) {
    this.socket = socket;
  }

  /** That of this process; empty if nobody wants to know. */
  static Optional<ServiceManager> ofEnvironment() {
    return Optional.ofNullable(System.getenv(VARIABLE))
        .filter(name -> !name.isEmpty())
        .map(ServiceManager::new);
  }

  /** The device serves: what waits for it can begin. */
  void ready(String status) throws LinuxException {
    send("READY=1\nSTATUS=" + status);
  }

  /** The device begins to end. */
  void stopping(String reason) throws LinuxException {
    send("STOPPING=1\nSTATUS=stopping: " + reason);
  }

  /** What {@code systemctl status} shows. */
  void status(String line) throws LinuxException {
    send("STATUS=" + line);
  }

  private void send(String message) throws LinuxException {
    try (DatagramSocket sender = new DatagramSocket()) {
      sender.send(socket, message.getBytes(StandardCharsets.UTF_8));
    }
  }
}
