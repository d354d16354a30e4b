package io.zublk.uring.sys;

import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.UserPrincipalNotFoundException;

/**
 * Who may connect to a unix socket. Connecting takes the permission to write (unix(7)).
 *
 * @param mode the socket file's permissions, 0 to 0777
 * @param group the group that the file is given, by name or number; null for the process's own
 */
public record SocketAccess(int mode, String group) {

  /** Its owner only. */
  public static final SocketAccess OWNER = new SocketAccess(0600, null);

  public SocketAccess {
    if (mode < 0 || mode > 0777) {
      throw new IllegalArgumentException(
          "mode " + Integer.toOctalString(mode) + " is not in 0..0777");
    }
  }

  /**
   * Parses what a user asks for.
   *
   * @param mode octal digits, such as {@code 660} or {@code 0660}; null for 0600, or 0660 where a
   *     group is named
   * @throws IllegalArgumentException with one line for the user
   */
  public static SocketAccess parse(String mode, String group) {
    if (mode == null) {
      return new SocketAccess(group == null ? OWNER.mode : 0660, group);
    }
    if (!mode.matches("0?[0-7]{3}")) {
      throw new IllegalArgumentException(
          "mode '" + mode + "' is not three octal digits such as 0660");
    }
    return new SocketAccess(Integer.parseInt(mode, 8), group);
  }

  /** The group first: until then the mode may be for another one. */
  void applyTo(Path socket) throws IOException {
    if (group != null) {
      Files.getFileAttributeView(socket, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
          .setGroup(lookUpGroup());
    }
    Files.setAttribute(socket, "unix:mode", mode);
  }

  private GroupPrincipal lookUpGroup() throws IOException {
    try {
      return FileSystems.getDefault()
          .getUserPrincipalLookupService()
          .lookupPrincipalByGroupName(group);
    } catch (UserPrincipalNotFoundException e) {
      throw new IOException("there is no group '" + group + "'", e);
    }
  }
}
