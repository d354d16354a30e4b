package io.zublk.nbd;

import io.zublk.fuzz.Runs;
import java.net.URI;
import java.nio.charset.StandardCharsets;

/** Listen addresses as users write them: an address that means itself, or one clear line. */
@Runs(300_000)
public final class AddressFuzz {

  private AddressFuzz() {}

  public static void fuzzerTestOneInput(byte[] data) {
    String text = new String(data, StandardCharsets.UTF_8);
    NbdAddress address;
    try {
      address = NbdAddress.parse(text);
    } catch (IllegalArgumentException e) {
      if (e.getMessage().isBlank()) {
        throw new AssertionError("refused without a word", e);
      }
      return;
    }
    if (!NbdAddress.parse(address.toString()).equals(address)) {
      throw new AssertionError(address + " is not read as it is written");
    }
    checkUri(address, address.uri(text), text);
    if (address instanceof NbdAddress.Tcp tcp && tcp.host().matches("[^%]*:[^%]*")) {
      // No name that would be looked up, nor an interface that may not be there.
      require(!tcp.socketAddress().isUnresolved(), tcp + " is no address");
    }
  }

  /** Clients find out all of it. */
  private static void checkUri(NbdAddress address, URI uri, String export) {
    require(uri.getPath().equals("/" + export), address + " has " + uri.getPath());
    switch (address) {
      case NbdAddress.Unix unix ->
          require(("socket=" + unix.path()).equals(uri.getQuery()), address + " becomes " + uri);
      case NbdAddress.Tcp tcp -> {
        String host = tcp.host().contains(":") ? "[" + tcp.host() + "]" : tcp.host();
        // Not getHost(), which knows fewer names than RFC 3986 does.
        require(
            (host + ":" + tcp.port()).equals(uri.getRawAuthority()) && uri.getQuery() == null,
            address + " becomes " + uri);
      }
    }
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new AssertionError(otherwise);
    }
  }
}
