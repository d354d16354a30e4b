package io.zublk.cli;

import io.zublk.daemon.Device;
import io.zublk.daemon.Devices;
import io.zublk.daemon.Json;
import io.zublk.daemon.UserException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code zublk list}. */
@Command(
    name = "list",
    description = {
      "Shows the devices that serve, as zramctl does.",
      "Dead ones are among them where their STATE is shown, else named on standard error."
    })
final class ListCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Option(
      names = {"-o", "--output"},
      split = ",",
      splitSynopsisLabel = ",",
      paramLabel = "COL",
      converter = Column.Converter.class,
      description =
          "These columns, or with a + before the first the default ones and these; default:"
              + " zramctl's and ID, with --json all.")
  private List<Column> output;

  @Option(names = "--output-all", description = "All columns.")
  private boolean outputAll;

  @Option(
      names = {"-b", "--bytes"},
      description = "Sizes to the byte.")
  private boolean bytes;

  @Option(
      names = {"-n", "--noheadings"},
      description = "No headings.")
  private boolean noHeadings;

  @Option(names = "--raw", description = "One blank between columns, '-' for empty ones.")
  private boolean raw;

  @Option(names = "--json", description = "A JSON object with the names of stat; sizes in bytes.")
  private boolean json;

  @Override
  public Integer call() {
    List<Column> columns = columns();
    List<Map<String, Object>> statuses = statuses(columns.contains(Column.STATE));
    if (json) {
      print(List.of(Json.line(Map.of("devices", objects(columns, statuses)))));
    } else {
      Table table = table(columns, statuses);
      print(raw ? table.rawLines() : table.lines());
    }
    return 0;
  }

  private List<Column> columns() {
    if (output == null || outputAll) {
      return outputAll || json ? Arrays.asList(Column.values()) : Column.DEFAULT;
    }
    List<String> written =
        spec.commandLine().getParseResult().matchedOption("--output").stringValues();
    if (written.stream().skip(1).anyMatch(column -> column.startsWith(Column.AFTER_DEFAULT))) {
      throw new ParameterException(
          spec.commandLine(), "--output: the + stands before the first column only");
    }
    return written.getFirst().startsWith(Column.AFTER_DEFAULT)
        ? Stream.concat(Column.DEFAULT.stream(), output.stream()).toList()
        : output;
  }

  private List<Map<String, Object>> statuses(boolean deadToo) {
    List<Map<String, Object>> statuses = new ArrayList<>();
    Devices devices = Devices.ofEnvironment();
    for (Device device : devices.all()) {
      if (device.isServing()) {
        statuses.add(statusOf(device));
      } else if (!device.isAlive() && deadToo) {
        statuses.add(known(device, "dead"));
      } else if (!device.isAlive()) {
        note("device %d (%s) %s".formatted(device.id(), device.path(), device.death()));
      }
    }
    devices.obscure().forEach(this::note);
    return statuses;
  }

  /** What a device says of itself, or else what is written down about it. */
  private Map<String, Object> statusOf(Device device) {
    try {
      Map<String, Object> status = known(device, "serving");
      status.putAll(device.stat());
      if (hasLostItsSocket(status)) {
        status.put("state", "lost");
        note(
            "device %d has lost its socket: who is connected is served on, and nobody else"
                .formatted(device.id()));
      }
      if ("lost".equals(status.get("keeper"))) {
        note(
            ("device %d has lost its keeper: if its process dies, it stays dead until 'zublk recover %d';"
                    + " 'zublk upgrade %d' gives it another")
                .formatted(device.id(), device.id(), device.id()));
      }
      return status;
    } catch (UserException e) {
      note(UserException.lineFor(e));
      return known(device, "silent");
    }
  }

  private static boolean hasLostItsSocket(Map<String, Object> status) {
    return Boolean.FALSE.equals(status.get("nbd_listening"))
        || Boolean.FALSE.equals(status.get("vhost_listening"));
  }

  /** What is written down about a device. */
  private static Map<String, Object> known(Device device, String state) {
    Map<String, Object> known = new LinkedHashMap<>();
    known.put("id", device.id());
    known.put("state", state);
    known.put("path", device.path());
    known.put("algorithm", device.algorithm());
    known.put("size", device.sizeBytes());
    known.put("transport", device.transport().word());
    known.put("pid", device.pid());
    return known;
  }

  private Table table(List<Column> columns, List<Map<String, Object>> statuses) {
    Table table = new Table(columns.stream().map(Column::isRightAligned).toList());
    if (!noHeadings) {
      table.add(columns.stream().map(Column::heading).toList());
    }
    for (Map<String, Object> status : statuses) {
      table.add(columns.stream().map(column -> column.text(status, bytes)).toList());
    }
    return table;
  }

  private static List<Map<String, Object>> objects(
      List<Column> columns, List<Map<String, Object>> statuses) {
    return statuses.stream().map(status -> object(columns, status)).toList();
  }

  private static Map<String, Object> object(List<Column> columns, Map<String, Object> status) {
    Map<String, Object> object = new LinkedHashMap<>();
    for (Column column : columns) {
      object.put(column.field(), column.value(status));
    }
    return object;
  }

  private void print(List<String> lines) {
    lines.forEach(spec.commandLine().getOut()::println);
  }

  private void note(String line) {
    spec.commandLine().getErr().println("zublk: " + line);
  }
}
