package io.zublk.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The recipes over NBD of {@code docs/recipes.md}, as they stand there; guests run the others. */
class RecipesTest extends WithDevices {

  private static final Path DOCUMENT = Path.of("..", "docs", "recipes.md");

  private static final Pattern RECIPE =
      Pattern.compile("<!-- recipe over NBD: (\\S+) -->\n```\n(.*?)```\n", Pattern.DOTALL);

  @Test
  void aVirtualMachinesDiskIsCopiedIntoADeviceAndBack() throws Exception {
    String image = temp.resolve("disk.img").toString();
    Zublk.tool("qemu-img", "create", "-f", "qcow2", image, "64M");
    Zublk.tool("qemu-io", "-f", "qcow2", "-c", "write -P 7 1M 3M", image);
    run("vm-disk");
    assertThat(zublk.stat(0)).containsEntry("orig_data_size", 3 << 20);
    run("vm-disk-kept");
    String kept = temp.resolve("kept.qcow2").toString();
    Zublk.tool("qemu-img", "resize", "-f", "qcow2", image, "20G");
    Zublk.tool("qemu-img", "compare", "-f", "qcow2", "-F", "qcow2", image, kept);
    assertThat(zublk.run("list", "--noheadings").ok().out()).isEmpty();
  }

  @Test
  void thereIsNoOther() throws Exception {
    List<String> marked =
        RECIPE.matcher(Files.readString(DOCUMENT)).results().map(m -> m.group(1)).toList();
    assertThat(marked).containsExactly("vm-disk", "vm-disk-kept");
  }

  private void run(String name) throws IOException, InterruptedException {
    ProcessBuilder shell =
        new ProcessBuilder("bash", "-ec", commands(name))
            .directory(temp.toFile())
            .redirectErrorStream(true)
            .redirectOutput(temp.resolve("output").toFile());
    shell.environment().put("ZUBLK_RUN_DIR", zublk.runDir().toString());
    shell.environment().merge("PATH", Zublk.DIST + "/bin:", (path, bin) -> bin + path);
    int status = shell.start().waitFor();
    assertThat(status).as(Files.readString(temp.resolve("output"))).isZero();
  }

  private static String commands(String name) throws IOException {
    Matcher recipes = RECIPE.matcher(Files.readString(DOCUMENT));
    while (recipes.find()) {
      if (recipes.group(1).equals(name)) {
        return recipes.group(2);
      }
    }
    throw new AssertionError(DOCUMENT + " has no recipe " + name);
  }
}
