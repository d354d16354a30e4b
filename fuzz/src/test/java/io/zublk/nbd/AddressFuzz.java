package io.zublk.nbd;

import io.zublk.fuzz.Runs;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

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
    String query = address.uri(text).getQuery();
    String socket = address instanceof NbdAddress.Unix unix ? "socket=" + unix.path() : null;
    if (!Objects.equals(query, socket)) {
      throw new AssertionError(address + " becomes " + query);
    }
  }
}
