package io.zublk.cli;

import io.zublk.codec.Algorithm;
import io.zublk.codec.CodecSpec;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Locale;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** The names of the algorithms that {@code --algorithm} takes. */
final class Algorithms implements Iterable<String> {

  @Override
  public Iterator<String> iterator() {
    return Arrays.stream(Algorithm.values()).map(Algorithm::label).iterator();
  }

  /** An algorithm as it was typed, but in small letters: case does not matter. */
  static final class Converter implements ITypeConverter<String> {
    @Override
    public String convert(String text) {
      String small = text.toLowerCase(Locale.ROOT);
      try {
        CodecSpec.parse(small);
        return small;
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(e.getMessage());
      }
    }
  }
}
