package io.zublk.nbd;

import io.zublk.block.BlockDevice;
import java.nio.charset.StandardCharsets;

/**
 * What a server offers: a device under a name. The empty name, which clients use when they are
 * given none, always means this export too.
 *
 * @param name the export's name, at most 4096 bytes of UTF-8; may be empty
 * @param description one line for people, at most 4096 bytes of UTF-8; may be empty
 * @param device what is served; the server does not close it
 * @param readOnly whether every change is refused with EPERM
 */
public record NbdExport(String name, String description, BlockDevice device, boolean readOnly) {

  public NbdExport {
    checkName(name);
    checkString("description", description);
  }

  /** A writable export without a description. */
  public NbdExport(String name, BlockDevice device) {
    this(name, "", device, false);
  }

  /**
   * Checks a name before there is a device.
   *
   * @throws IllegalArgumentException with one line for the user
   */
  public static void checkName(String name) {
    checkString("name", name);
  }

  private static void checkString(String what, String value) {
    int bytes = value.getBytes(StandardCharsets.UTF_8).length;
    if (bytes > NbdProtocol.MAX_STRING_BYTES) {
      throw new IllegalArgumentException(
          "the export's " + what + " is " + bytes + " bytes long; the protocol allows 4096");
    }
  }
}
