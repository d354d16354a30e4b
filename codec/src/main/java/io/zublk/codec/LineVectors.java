package io.zublk.codec;

import java.util.List;
import java.util.Optional;

/**
 * Whether this process codes {@link Algorithm#LINE} with vectors. Without them, and until {@link
 * #train} has been called, it does so word by word, which is several times slower and otherwise the
 * same.
 */
public final class LineVectors {

  /** Of which the compiler makes instructions for what the coder asks for. */
  private static final List<String> FEATURES =
      List.of("avx512bw", "avx512dq", "avx512vl", "avx512_vbmi2", "bmi2");

  private static final String MODULE = "jdk.incubator.vector";

  /** For whatever comes first; any thread may see the other one late. */
  private static LineCoder coder = new ScalarLines();

  private LineVectors() {}

  /** What codes pages now. */
  static LineCoder coder() {
    return coder;
  }

  /** Why this machine's CPU has no vectors for it, in one line; empty if it has. */
  public static Optional<String> unsuited() {
    if (!System.getProperty("os.arch").equals("amd64")) {
      return Optional.of("line has vectors for x86-64 only");
    }
    List<String> missing = CpuFeatures.missing(FEATURES);
    return missing.isEmpty()
        ? Optional.empty()
        : Optional.of("the CPU has no " + String.join(", ", missing));
  }

  /** Why this process cannot use vectors, in one line; empty if it can. */
  static Optional<String> unusable() {
    Optional<String> unsuited = unsuited();
    if (unsuited.isPresent()) {
      return unsuited;
    }
    if (ModuleLayer.boot().findModule(MODULE).isEmpty()) {
      return Optional.of("the JVM runs without --add-modules " + MODULE);
    }
    return VectorLines.isWhatTheJvmPrefers()
        ? Optional.empty()
        : Optional.of("the JVM uses vectors of less than 64 bytes");
  }

  /**
   * Has the compiler make what codes with vectors, on pages made for it, and from then on every
   * codec of this process uses it. For a thread in the background: it takes a second of a CPU, and
   * allocates 0.5 GB of which nothing lives. Does nothing where there are no vectors.
   *
   * @return whether pages are coded with vectors now; if not, it was interrupted, or found no end
   */
  public static boolean train() {
    if (coder instanceof ScalarLines && unusable().isEmpty()) {
      LineCoder vectors = new VectorLines();
      if (new LineTraining(vectors).run()) {
        coder = vectors;
      }
    }
    return !(coder instanceof ScalarLines);
  }
}
