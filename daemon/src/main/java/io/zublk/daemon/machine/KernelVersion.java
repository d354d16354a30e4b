package io.zublk.daemon.machine;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The version of a Linux kernel.
 *
 * @param release as {@code uname -r} has it
 */
public record KernelVersion(String release, int major, int minor, int patch) {

  private static final Pattern SYNTAX = Pattern.compile("(\\d+)\\.(\\d+)(?:\\.(\\d+))?.*");

  public static KernelVersion running() {
    return of(System.getProperty("os.version"));
  }

  static KernelVersion of(String release) {
    Matcher matcher = SYNTAX.matcher(release);
    if (!matcher.matches()) {
      return new KernelVersion(release, 0, 0, 0);
    }
    String patch = matcher.group(3);
    return new KernelVersion(
        release,
        Integer.parseInt(matcher.group(1)),
        Integer.parseInt(matcher.group(2)),
        patch == null ? 0 : Integer.parseInt(patch));
  }

  public boolean atLeast(int wantedMajor, int wantedMinor) {
    return major > wantedMajor || (major == wantedMajor && minor >= wantedMinor);
  }

  /** A bug because of which nobody gets a ublk device who did not ask for one; empty if none. */
  public Optional<String> ublkCrash() {
    return major == 6 && minor == 18 && (patch == 4 || patch == 5)
        ? Optional.of("adding a ublk device crashes 6.18.4 and 6.18.5")
        : Optional.empty();
  }

  /** A bug of this kernel's ublk driver that bites zublk; empty if none is known. */
  public Optional<String> ublkBug() {
    if (ublkCrash().isPresent()) {
      return ublkCrash();
    }
    if (major == 7 && minor == 0) {
      return Optional.of("7.0 lacks two fixes for stopping ublk devices (in 7.1)");
    }
    return Optional.empty();
  }
}
