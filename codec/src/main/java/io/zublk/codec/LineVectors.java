package io.zublk.codec;

import java.lang.module.ModuleFinder;
import java.util.List;
import java.util.Optional;

/**
 * Whether this process codes {@link Algorithm#LINE} with vectors. Without them, and until {@link
 * #train} has ended, it does so word by word, which is several times slower and otherwise the same.
 */
public final class LineVectors {

  /** Of which the compiler makes instructions for what the coder asks for. */
  private static final List<String> FEATURES =
      List.of("avx512bw", "avx512dq", "avx512vl", "avx512_vbmi2", "bmi2");

  private static final String MODULE = "jdk.incubator.vector";

  private static final String COMPILED = "-XX:CompileCommand=%s,io.zublk.codec.VectorLines::*,%s";

  /**
   * Until they are compiled, vectors are objects, so {@link #train} waits for the compiler, which
   * begins early: 29 MB of garbage and a dozen collections of a heap of 9 MB, else 440 MB and 166.
   * Still earlier, it would know too little: encoding takes a third longer with 0.01.
   */
  private static final List<String> JVM_OPTIONS =
      List.of(
          "--add-modules=" + MODULE,
          "-XX:CompileCommand=quiet",
          COMPILED.formatted("CompileThresholdScaling", "0.05"),
          COMPILED.formatted("BackgroundCompilation", "false"));

  /** Looked at when it is first asked for, and once: a device's settings are read many times. */
  private static final class Machine {
    static final Optional<String> UNSUITED_CPU = cpu();
    static final boolean HAS_MODULE = ModuleLayer.boot().findModule(MODULE).isPresent();
    static final Optional<String> UNSUITED =
        UNSUITED_CPU.isPresent() || HAS_MODULE || ModuleFinder.ofSystem().find(MODULE).isPresent()
            ? UNSUITED_CPU
            : Optional.of("this Java has no module " + MODULE);

    private static Optional<String> cpu() {
      if (!System.getProperty("os.arch").equals("amd64")) {
        return Optional.of("line has vectors for x86-64 only");
      }
      List<String> missing = CpuFeatures.missing(FEATURES);
      return missing.isEmpty()
          ? Optional.empty()
          : Optional.of("the CPU has no " + String.join(", ", missing));
    }
  }

  private static final LineCoder SCALAR = new ScalarLines();

  // Any thread may see these late.
  private static LineCoder coder = SCALAR;
  private static boolean coming;

  private LineVectors() {}

  /** What codes pages now. */
  static LineCoder coder() {
    return coder;
  }

  /**
   * Why no process of this machine and this Java can have vectors, in one line; empty if one that
   * is started with {@link #jvmOptions} has them.
   */
  public static Optional<String> unsuited() {
    return Machine.UNSUITED;
  }

  /**
   * What a JVM of this Java is to be started with to have vectors; empty if it cannot have them.
   */
  public static List<String> jvmOptions() {
    return unsuited().isEmpty() ? JVM_OPTIONS : List.of();
  }

  /** Why this process cannot use vectors, in one line; empty if it can. */
  static Optional<String> unusable() {
    if (Machine.UNSUITED_CPU.isPresent()) {
      return Machine.UNSUITED_CPU;
    }
    if (!Machine.HAS_MODULE) {
      return Optional.of("the JVM runs without --add-modules " + MODULE);
    }
    return VectorLines.isWhatTheJvmPrefers()
        ? Optional.empty()
        : Optional.of("the JVM uses vectors of less than 64 bytes");
  }

  /**
   * Says that {@link #train} will be called soon: until it has ended, vectors {@linkplain
   * #areComing are coming}, if this process can have them.
   */
  public static void announceTraining() {
    coming = coder == SCALAR && Machine.UNSUITED_CPU.isEmpty() && Machine.HAS_MODULE;
  }

  /** Says that it will not be called after all. */
  public static void cancelTraining() {
    coming = false;
  }

  /** Whether it is worth while to pack pages otherwise for a moment. */
  public static boolean areComing() {
    return coming;
  }

  /** Whether pages are coded with vectors. */
  public static boolean areTrained() {
    return coder != SCALAR;
  }

  /** Of {@link #state}: pages are packed otherwise for a moment. */
  public static final String TRAINING = "training";

  /** What codes pages now, in a word for people. */
  public static String state() {
    if (areTrained()) {
      return "vectors";
    }
    return coming ? TRAINING : "scalar";
  }

  /**
   * Has the compiler make what codes with vectors, on pages made for it, and from then on every
   * codec of this process uses it. For a thread in the background: it takes a second or more of a
   * CPU, and with {@link #JVM_OPTIONS} 30 MB of the heap. Does nothing where there are no vectors.
   *
   * @return whether pages are coded with vectors now; if not, there are none, it was interrupted,
   *     or the compiler did not come to it in {@value LineTraining#MAX_SECONDS} s
   */
  public static synchronized boolean train() {
    try {
      if (coder == SCALAR && unusable().isEmpty()) {
        LineCoder vectors = new VectorLines();
        coder = new LineTraining(vectors).run() ? vectors : SCALAR;
      }
    } finally {
      coming = false;
    }
    return areTrained();
  }
}
