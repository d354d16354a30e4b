package io.zublk.codec;

import java.util.List;
import java.util.Optional;

/**
 * What the algorithm {@link PackingSpec#AUTO} stands for on this machine, and why. Said here and
 * nowhere else.
 *
 * @param reason in words for the user, which say what the CPU has or lacks
 */
public record AutoPacking(PackingSpec packing, String reason) {

  /** Of what makes {@code line} fast: AVX-512 with compression and expansion of bytes, and BMI2. */
  private static final List<String> LINE_FEATURES =
      List.of("avx512bw", "avx512dq", "avx512vl", "avx512_vbmi2", "bmi2");

  /** Looks at the CPU. */
  public static AutoPacking ofThisMachine() {
    return of(unsuitedForLine(), CodecSpec.of(Algorithm.LZ4).unusable());
  }

  private static Optional<String> unsuitedForLine() {
    if (!System.getProperty("os.arch").equals("amd64")) {
      return Optional.of("line is fast on x86-64 CPUs only");
    }
    List<String> missing = CpuFeatures.missing(LINE_FEATURES);
    return missing.isEmpty()
        ? Optional.empty()
        : Optional.of("line would be slow on a CPU without " + String.join(", ", missing));
  }

  /** By why the machine is not for {@code line}, and why not for lz4; empty if it is. */
  static AutoPacking of(Optional<String> noLine, Optional<String> noLz4) {
    PackingSpec lz4 = PackingSpec.of(Algorithm.LZ4);
    if (noLz4.isPresent()) {
      return new AutoPacking(PackingSpec.of(Algorithm.ZSTD), noLz4.get());
    }
    return noLine.isPresent()
        ? new AutoPacking(lz4, noLine.get())
        : new AutoPacking(new PackingSpec(true, lz4.rest()), "the CPU has what line needs");
  }
}
