package io.zublk.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The scripts that start zublk, in environments that are not made for it. */
class LauncherTest extends WithDevices {

  private static final Path CHECKOUT = Path.of("..").toAbsolutePath().normalize();

  private Zublk.Result runIn(String shellPrefix, String... arguments) throws Exception {
    String script = shellPrefix + "; exec \"$0\" \"$@\"";
    return zublk.await(zublk.start(List.of("bash", "-c", script), arguments));
  }

  @ParameterizedTest
  @ValueSource(strings = {"JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS"})
  void optionsForOtherJvmsAreNotForThese(String variable) throws Exception {
    String set = "export " + variable + "=-XX:+UseG1GC";
    assertThat(runIn(set, "create", "-s", "1M", "--transport", "nbd").ok().err()).isEmpty();
    assertThat(runIn(set, "list").ok().err()).isEmpty();
  }

  @Test
  void ownOptionsReachTheDevicesJvm() throws Exception {
    String set = "export ZUBLK_JAVA_OPTIONS=' -Dmine=1  -Xss600k '";
    runIn(set, "create", "-s", "1M", "--transport", "nbd").ok();
    String pid = zublk.stat(0).get("pid").toString();
    assertThat(Files.readString(Path.of("/proc", pid, "cmdline")).split("\0"))
        .contains("-Dmine=1", "-Xss600k");
  }

  @Test
  void aWorkingDirectoryThatIsGone() throws Exception {
    // What a shell itself has to say about that comes first.
    Path gone = temp.resolve("gone");
    Zublk.Result result = runIn("mkdir %1$s; cd %1$s; rmdir %1$s".formatted(gone), "list");
    assertThat(result.status()).isOne();
    assertThat(result.out()).isEmpty();
    assertThat(result.err()).endsWith("zublk: the working directory is gone; cd to another one\n");
  }

  @Test
  void aDirectoryWithAColon() throws Exception {
    Path dist = temp.resolve("a:b");
    Files.createSymbolicLink(temp.resolve("link"), Zublk.DIST);
    Zublk.tool("cp", "-r", Zublk.DIST.toString(), dist.toString());
    new Zublk(temp, dist).run("list").refused("a:b", "colon");
    new Zublk(temp, temp.resolve("link")).run("list").ok();
  }

  @Test
  void closedStreams() throws Exception {
    runIn("exec >&-", "list").refused("standard output is closed");
    String out = runIn("exec <&-", "create", "-s", "1M", "--transport", "nbd").ok().out();
    assertThat(out).startsWith("nbd+unix");
    runIn("exec 2>&-", "list").ok();
  }

  @Test
  void aPathThatIsNotAsciiInTheCLocale() throws Exception {
    Path socket = temp.resolve("gerät.sock");
    String in = "export LC_ALL=C";
    String listen = "unix:" + socket;
    String uri = runIn(in, "create", "-s", "1M", "--listen", listen).ok().line();
    assertThat(socket).exists();
    assertThat(runIn(in, "list", "-n", "-o", "PATH").ok().line()).isEqualTo(uri);
  }

  @Test
  void aCheckoutThatIsNotBuiltAndMayNotBe() throws Exception {
    assumeTrue(System.getProperty("user.name").equals("root"), "only root can become nobody");
    Path copy = Files.createDirectories(temp.resolve("checkout"));
    Zublk.tool("chmod", "a+rx", temp.toString());
    for (String name : List.of("zublk", "cli/src/main/dist/libexec/find-java")) {
      Path file = copy.resolve(name);
      Files.createDirectories(file.getParent());
      Zublk.tool("cp", CHECKOUT.resolve(name).toString(), file.toString());
    }
    String[] asNobody = {
      "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--", copy + "/zublk", "list"
    };
    Process refused = new ProcessBuilder(asNobody).redirectErrorStream(true).start();
    assertThat(text(refused))
        .hasLineCount(1)
        .startsWith("zublk: not built since its sources changed, and ")
        .contains("cannot be written");
    assertThat(refused.waitFor()).isOne();
  }

  private static String text(Process process) throws IOException {
    return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }

  @Test
  void mavenFindsAJdkThatFits() throws Exception {
    try (Stream<Path> old = Files.list(Path.of("/usr/lib/jvm"))) {
      for (Path home : old.filter(path -> path.toString().contains("17")).toList()) {
        ProcessBuilder maven = new ProcessBuilder(CHECKOUT + "/mvnw", "--version");
        maven.environment().put("JAVA_HOME", home.toString());
        Process version = maven.start();
        assertThat(text(version)).doesNotContain("Java version: 17");
        assertThat(version.waitFor()).isZero();
      }
    }
  }
}
