package io.zublk.cli;

import io.zublk.daemon.Devices;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Unmatched;

/** {@code zublk find}: zramctl's {@code --find}. */
@Command(
    name = "find",
    description = {
      "Prints the lowest free id, as 'create --id' takes it; another command may be quicker.",
      "With options of create it does what create does, which finds the id by itself:",
      "'zublk find -s 1G' for 'zramctl --find --size 1G'."
    })
final class FindCommand implements Callable<Integer> {

  @ParentCommand private Main main;

  @Spec private CommandSpec spec;

  @Unmatched private List<String> ofCreate = new ArrayList<>();

  @Override
  public Integer call() {
    if (ofCreate.isEmpty()) {
      spec.commandLine().getOut().println(Devices.ofEnvironment().freeId());
      return 0;
    }
    List<String> create = new ArrayList<>(List.of("create"));
    if (main.debug()) {
      create.add("--debug");
    }
    create.addAll(ofCreate);
    return spec.root().commandLine().execute(create.toArray(String[]::new));
  }
}
