package io.zublk.codec;

import java.util.Optional;

/**
 * What the algorithm {@link PackingSpec#AUTO} stands for on this machine, and why. Said here and
 * nowhere else.
 *
 * @param reason in words for the user, which say what the CPU has or lacks
 */
public record AutoPacking(PackingSpec packing, String reason) {

  /** Looks at the CPU, and at Java. */
  public static AutoPacking ofThisMachine() {
    return of(LineVectors.unsuited(), CodecSpec.of(Algorithm.LZ4).unusable());
  }

  /** By why the machine is not for {@code line}, and why not for lz4; empty if it is. */
  static AutoPacking of(Optional<String> noLine, Optional<String> noLz4) {
    PackingSpec lz4 = PackingSpec.of(Algorithm.LZ4);
    if (noLz4.isPresent()) {
      return new AutoPacking(PackingSpec.of(Algorithm.ZSTD), noLz4.get());
    }
    return noLine.isPresent()
        ? new AutoPacking(lz4, "line would be slow: " + noLine.get())
        : new AutoPacking(new PackingSpec(true, lz4.rest()), "CPU and Java have what line needs");
  }
}
