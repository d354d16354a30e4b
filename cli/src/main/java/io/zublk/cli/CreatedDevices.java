package io.zublk.cli;

import io.zublk.bench.DeviceMaker;
import io.zublk.daemon.Json;
import io.zublk.daemon.UserException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** Devices made by {@code zublk create} itself, so that what is measured is what users get. */
final class CreatedDevices {

  private CreatedDevices() {}

  /** Makes devices; what {@code create} has to say beside goes to stderr, once, unless quiet. */
  static DeviceMaker maker(boolean quiet) {
    Set<String> said = new HashSet<>();
    return options -> {
      StringWriter notices = new StringWriter();
      int id = create(options, notices);
      notices.toString().lines().filter(said::add).filter(_ -> !quiet).forEach(System.err::println);
      return id;
    };
  }

  /**
   * Tells what is wrong with options before anything is measured.
   *
   * @throws UserException with what {@code create} says against them
   */
  static void check(List<String> options) {
    List<String> arguments = new ArrayList<>(List.of("create", "--size", "1M", "-a", "lz4"));
    arguments.addAll(options);
    try {
      CreateCommand.check(Main.commandLine().parseArgs(arguments.toArray(String[]::new)));
    } catch (ParameterException e) {
      throw new UserException("--create: " + e.getMessage(), e);
    }
  }

  private static int create(List<String> options, StringWriter err) {
    List<String> arguments = new ArrayList<>(List.of("create", "--json"));
    arguments.addAll(options);
    StringWriter out = new StringWriter();
    CommandLine command = Main.commandLine();
    command.setOut(new PrintWriter(out));
    command.setErr(new PrintWriter(err));
    int status = command.execute(arguments.toArray(String[]::new));
    if (status != 0) {
      throw new UserException(err.toString().strip().replaceFirst("^zublk: ", ""));
    }
    return id(out.toString());
  }

  private static int id(String json) {
    try {
      Map<String, Object> device = Json.object(json);
      return ((Number) device.get("id")).intValue();
    } catch (IOException e) {
      throw new UserException("create printed no JSON: " + json, e);
    }
  }
}
