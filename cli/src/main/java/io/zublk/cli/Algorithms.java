package io.zublk.cli;

import io.zublk.codec.PackingSpec;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** The names of the algorithms that {@code --algorithm} takes. */
final class Algorithms implements Iterable<String> {

  @Override
  public Iterator<String> iterator() {
    return List.of("lz4", "line", "line+lz4", "line+zstd", "zstd", "none", PackingSpec.AUTO)
        .iterator();
  }

  /** An algorithm as it was typed, but in small letters: case does not matter. */
  static final class Converter implements ITypeConverter<String> {
    @Override
    public String convert(String text) {
      String small = text.toLowerCase(Locale.ROOT);
      try {
        var _ = PackingSpec.parse(small);
        return small;
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(e.getMessage());
      }
    }
  }
}
