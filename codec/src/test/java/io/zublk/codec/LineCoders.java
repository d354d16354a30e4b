package io.zublk.codec;

import java.util.List;

/** The coders that this machine can run. */
final class LineCoders {

  private LineCoders() {}

  static List<LineCoder> all() {
    return List.of(new ScalarLines());
  }
}
