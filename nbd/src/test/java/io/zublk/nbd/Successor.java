package io.zublk.nbd;

import io.zublk.uring.sys.LinuxSocket;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;

/** A process that goes on for a server of another one until its standard input ends. */
final class Successor {

  private Successor() {}

  /** The arguments: the socket on which it is given the clients, and the device's file and size. */
  public static void main(String[] arguments) throws Exception {
    RamDevice device = RamDevice.shared(Path.of(arguments[1]), Long.parseLong(arguments[2]));
    LinuxSocket from = LinuxSocket.connect(UnixDomainSocketAddress.of(arguments[0]));
    NbdHandOver given = NbdHandOver.receive(from);
    NbdExport export = new NbdExport("ram", device);
    try (NbdServer server = NbdServer.resume(given, export, NbdOptions.defaults(), (_, _) -> {})) {
      System.out.println("serving " + server.address());
      while (System.in.read() >= 0) {}
    }
  }
}
