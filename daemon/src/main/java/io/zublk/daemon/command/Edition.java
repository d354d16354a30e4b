package io.zublk.daemon.command;

import io.zublk.store.PageStore;
import java.lang.module.ModuleDescriptor;
import java.util.Objects;
import java.util.Optional;

/**
 * What one version of the program brings to an upgrade, in which another one serves and it is to go
 * on. Each end has one; they travel as JSON, where what an old one does not know is left out.
 *
 * @param program the version as people know it; null if it is not known
 * @param oldestTalk the oldest number of the conversation of a hand-over that it understands
 * @param newestTalk the newest
 * @param oldestLayout the oldest layout of a store file that it reads
 * @param newestLayout the newest
 */
public record Edition(
    String program, int oldestTalk, int newestTalk, int oldestLayout, int newestLayout) {

  /** The conversation that this program has; what travels within it counts too. */
  static final int TALK = 1;

  /** That of this process. */
  public static Edition ofThisProgram() {
    return new Edition(
        Edition.class.getPackage().getImplementationVersion(),
        TALK,
        TALK,
        PageStore.OLDEST_LAYOUT,
        PageStore.NEWEST_LAYOUT);
  }

  /**
   * Why another program cannot go on for this one, in words that go on after "the installed zublk".
   *
   * @param layout that of the store file
   */
  public Optional<String> objectionTo(Edition next, int layout) {
    if (layout > next.newestLayout || layout < next.oldestLayout) {
      return Optional.of(
          "%s reads store layouts %d to %d and the device has %d%s"
              .formatted(
                  name(next),
                  next.oldestLayout,
                  next.newestLayout,
                  layout,
                  layout > next.newestLayout ? "; it is older, and there is no downgrade" : ""));
    }
    if (Math.min(newestTalk, next.newestTalk) < Math.max(oldestTalk, next.oldestTalk)) {
      return Optional.of(
          "%s hands over in versions %d to %d, the one that serves in %d to %d%s"
              .formatted(
                  name(next),
                  next.oldestTalk,
                  next.newestTalk,
                  oldestTalk,
                  newestTalk,
                  next.newestTalk < oldestTalk ? "; it is older, and there is no downgrade" : ""));
    }
    return isOlder(next)
        ? Optional.of(
            "%s is older than the one that serves, %s; there is no downgrade"
                .formatted(name(next), program))
        : Optional.empty();
  }

  private static String name(Edition edition) {
    return Objects.requireNonNullElse(edition.program, "of unknown version");
  }

  private boolean isOlder(Edition next) {
    try {
      return program != null
          && next.program != null
          && ModuleDescriptor.Version.parse(next.program)
                  .compareTo(ModuleDescriptor.Version.parse(program))
              < 0;
    } catch (IllegalArgumentException e) {
      return false; // somebody's own build, named as they like
    }
  }
}
