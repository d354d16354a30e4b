package io.zublk.nbd;

import io.zublk.uring.sys.LinuxSocket;
import java.io.IOException;
import java.util.List;

/**
 * A server's listening socket and all of its clients, each between two requests: what {@link
 * NbdServer#handOver} makes, and {@link NbdServer#resume} in another process goes on with. Until
 * then clients wait, and new ones in the queue of the listening socket.
 */
public final class NbdHandOver implements AutoCloseable {

  private final LinuxSocket listener;
  private final NbdAddress address;
  private final String fileKey;
  private final Served export;
  private final List<StoppedClient> clients;

  /**
   * Puts together what is given.
   *
   * @param fileKey identifies the listening socket's file; empty if there is none
   * @param export what is served
   */
  NbdHandOver(
      LinuxSocket listener,
      NbdAddress address,
      String fileKey,
      Served export,
      List<StoppedClient> clients) {
    this.listener = listener;
    this.address = address;
    this.fileKey = fileKey;
    this.export = export;
    this.clients = List.copyOf(clients);
  }

  LinuxSocket listener() {
    return listener;
  }

  NbdAddress address() {
    return address;
  }

  String fileKey() {
    return fileKey;
  }

  Served export() {
    return export;
  }

  List<StoppedClient> clients() {
    return clients;
  }

  /** What clients were told of an export, and what therefore must stay. */
  record Served(String name, long sizeBytes, boolean readOnly) {

    static Served of(NbdExport export) {
      return new Served(export.name(), export.device().geometry().sizeBytes(), export.readOnly());
    }
  }

  /** How many clients are given. */
  public int count() {
    return clients.size();
  }

  /**
   * Gives it to the process at the other end of a unix socket. That one has the sockets then as
   * this one has: only one of them may go on.
   */
  public void send(LinuxSocket to) throws IOException {
    HandOverMessage.send(this, to);
  }

  /**
   * Takes what {@link #send} gave at the other end.
   *
   * @throws IOException with one line that says why it cannot be understood; nothing stays open
   */
  public static NbdHandOver receive(LinuxSocket from) throws IOException {
    return HandOverMessage.receive(from);
  }

  /** Sees to it that clients find the same export as before. */
  void checkExport(NbdExport other) throws IOException {
    Served there = Served.of(other);
    if (!there.equals(export)) {
      throw new IOException("the clients were promised " + export + " and this is " + there);
    }
  }

  /**
   * Closes this process's sockets, if it received them and will not go on with them. The process
   * that sent them still has them.
   */
  @Override
  public void close() {
    listener.close();
    for (StoppedClient client : clients) {
      client.socket().close();
    }
  }
}
