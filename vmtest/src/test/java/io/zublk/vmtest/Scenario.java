package io.zublk.vmtest;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * One scenario file on one kind of guest.
 *
 * @param guest "uml" or "qemu"
 * @param options more options for the script that runs it
 */
record Scenario(Path file, String guest, List<String> options) {

  private static final Path HOME = Path.of(System.getProperty("vmtest.home", "."));
  private static final String GUESTS = "# guest: ";

  /** Guests that the check leaves out, as it may not take longer than people wait for it. */
  private static final String GUESTS_ON_DEMAND = "# guest, long: ";

  /**
   * All of them: a file is a scenario if it says what guests it is for.
   *
   * @param onDemand also on the guests that are for those who ask for them
   */
  static List<Scenario> all(boolean onDemand) throws IOException {
    List<String> headers = onDemand ? List.of(GUESTS, GUESTS_ON_DEMAND) : List.of(GUESTS);
    try (Stream<Path> files = Files.list(HOME.resolve("scenarios"))) {
      return files
          .filter(Files::isRegularFile)
          .sorted()
          .flatMap(file -> of(file, headers))
          .toList();
    }
  }

  /** One of those that only test the tests, on the quicker kind of guest. */
  static Scenario inTests(String name, String... options) {
    Path file = HOME.resolve("src/test/scenarios").resolve(name + ".sh");
    return new Scenario(file, "uml", List.of(options));
  }

  private static Stream<Scenario> of(Path file, List<String> headers) {
    try (Stream<String> lines = Files.lines(file)) {
      return lines
          .filter(line -> headers.stream().anyMatch(line::startsWith))
          .flatMap(line -> Stream.of(line.substring(line.indexOf(':') + 2).split(" ")))
          .map(guest -> new Scenario(file, guest, List.of()))
          .toList()
          .stream();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  String name() {
    return file.getFileName().toString().replaceFirst("\\.sh$", "");
  }

  /** Boots a guest, runs the scenario to its end, and returns what the console said. */
  Report run() throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.addAll(List.of(HOME.resolve("guest/run").toString(), "--guest", guest));
    command.addAll(options);
    command.add(file.toString());
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    List<String> console = new ArrayList<>();
    try (BufferedReader reader = process.inputReader()) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        console.add(line);
      }
      return Report.parse(console, process.waitFor());
    } finally {
      // Reached early only if we are being stopped: the script ends its guest on this signal.
      process.destroy();
    }
  }
}
