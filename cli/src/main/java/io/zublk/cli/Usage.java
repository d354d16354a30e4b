package io.zublk.cli;

import io.zublk.daemon.SizeExpression;
import io.zublk.daemon.UserException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.TypeConversionException;
import picocli.CommandLine.UnmatchedArgumentException;

/** What is wrong with a command line, in one line that says what was probably meant. */
final class Usage {

  private Usage() {}

  /** A size in bytes, as {@link SizeExpression} reads it. */
  static final class Size implements ITypeConverter<Long> {
    @Override
    public Long convert(String text) {
      try {
        return SizeExpression.parse(text);
      } catch (UserException e) {
        throw new TypeConversionException(e.getMessage());
      }
    }
  }

  /** A time to wait: {@code 10s}, {@code 500ms}, {@code 2m}, or seconds alone; an hour at most. */
  static final class Time implements ITypeConverter<Duration> {

    private static final Pattern FORM = Pattern.compile("([0-9]{1,9})(ms|s|m|)");
    private static final Duration MOST = Duration.ofHours(1);

    @Override
    public Duration convert(String text) {
      Matcher matcher = FORM.matcher(text);
      if (!matcher.matches()) {
        throw new TypeConversionException(
            "'%s' is no time; write it as 10s, 500ms or 2m".formatted(text));
      }
      long number = Long.parseLong(matcher.group(1));
      Duration time =
          switch (matcher.group(2)) {
            case "ms" -> Duration.ofMillis(number);
            case "m" -> Duration.ofMinutes(number);
            default -> Duration.ofSeconds(number);
          };
      if (time.compareTo(MOST) > 0) {
        throw new TypeConversionException("'%s' is more than an hour".formatted(text));
      }
      return time;
    }
  }

  /**
   * Takes the values of options together.
   *
   * @throws ParameterException with what the modules that will use them have to say against them
   */
  static <T> T checked(CommandSpec spec, Supplier<T> values) {
    try {
      return values.get();
    } catch (UserException | IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), UserException.lineFor(e), e);
    }
  }

  /** The line for the user. */
  static String explain(ParameterException e) {
    CommandLine command = e.getCommandLine();
    String message = message(e).replaceAll("\\s*\\R\\s*", " ");
    List<String> unmatched = command.getUnmatchedArguments();
    if (!unmatched.isEmpty()) {
      Optional<String> size = withoutItsOption(command, unmatched.getFirst());
      if (size.isPresent()) {
        return size.get();
      }
    }
    if (e instanceof MissingParameterException && !unmatched.isEmpty()) {
      // What is missing may be there under a misspelt name.
      UnmatchedArgumentException unknown = new UnmatchedArgumentException(command, unmatched);
      if (unknown.isUnknownOption()) {
        return explain(unknown);
      }
    }
    String name = command.getCommandSpec().qualifiedName();
    return guess(e)
        .map(word -> "%s; did you mean %s?".formatted(message, word))
        .orElseGet(() -> "%s; see '%s --help'".formatted(message, name));
  }

  private static String message(ParameterException e) {
    return e instanceof UnmatchedArgumentException unmatched && !unmatched.isUnknownOption()
        ? "Unknown argument: '%s'".formatted(unmatched.getUnmatched().getFirst())
        : e.getMessage().replaceFirst("^Error: ", "");
  }

  /** What to write where somebody wrote a size alone, such as {@code create 1G}. */
  private static Optional<String> withoutItsOption(CommandLine command, String argument) {
    boolean takesSize = command.getCommandSpec().findOption("--size") != null;
    return takesSize && argument.matches("[0-9].*")
        ? Optional.of("'%s': the size is an option: --size %s".formatted(argument, argument))
        : Optional.empty();
  }

  private static Optional<String> guess(ParameterException e) {
    if (e instanceof UnmatchedArgumentException unmatched) {
      return unmatched.getSuggestions().stream().findFirst();
    }
    ArgSpec argument = e.getArgSpec();
    return argument == null || e.getValue() == null || argument.completionCandidates() == null
        ? Optional.empty()
        : Typos.closest(e.getValue(), argument.completionCandidates());
  }
}
