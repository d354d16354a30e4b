package io.zublk.vhost.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.uring.sys.LinuxFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * An access to memory whose file was cut ends in an error that is thrown in time, whoever has
 * compiled it; else the JVM would not live to tell.
 */
@Timeout(300)
class GuestFaultTest {

  @ParameterizedTest
  @ValueSource(strings = {"-Xint", "-XX:TieredStopAtLevel=1", "-XX:-TieredCompilation", "-server"})
  void everyAccessFailsInTimeAndTheJvmLivesOn(String mode) throws Exception {
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            mode,
            "-XX:-CreateCoredumpOnCrash",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            GuestFaultTest.Child.class.getName(),
            mode.equals("-Xint") ? "2000" : "60000");
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(said).isZero();
    assertThat(said).isEqualTo("all as it must be\n");
  }

  /** Each access, made often, then with the file cut. */
  static final class Child {

    private static final int BYTES = 1 << 20;
    private static final Region REGION = new Region(0x1000, BYTES, 0x1000, 0);
    private static final MemorySegment OWN = Arena.ofAuto().allocate(BYTES);

    interface Access {
      void make(GuestMemory memory, MemorySegment bytes, long at);
    }

    private static final List<Access> ACCESSES =
        List.of(
            (_, bytes, at) -> use(GuestWords.u8(bytes, at)),
            (_, bytes, at) -> use(GuestWords.u16(bytes, at)),
            (_, bytes, at) -> use(GuestWords.u64(bytes, at)),
            (_, bytes, at) -> GuestWords.setU8(bytes, at, (int) at),
            (_, bytes, at) -> GuestWords.setU8(bytes, at, 1),
            (_, bytes, at) -> GuestWords.setU16(bytes, at, (int) at),
            (_, bytes, at) -> GuestWords.setU16(bytes, at, 0),
            (_, bytes, at) -> GuestWords.setU32(bytes, at, (int) at),
            (_, bytes, at) -> GuestWords.setU64(bytes, at, at),
            (_, bytes, at) -> use((GuestWords.u16(bytes, at) & 1) == 0 ? 1 : 2),
            (_, bytes, at) -> use(GuestWords.u8(bytes, at) == 1 ? 1 : 2),
            (_, bytes, at) -> use(GuestWords.u16(bytes, at) == 7 ? 1 : 2),
            (memory, _, at) -> use(memory.write(0x1000 + at, (byte) 1) ? 1 : 2),
            copyIn(16),
            copyIn(48),
            copyIn(512),
            copyIn(4096),
            copyIn(100_000),
            copyOut(20),
            copyOut(512),
            copyOut(4096),
            copyOut(100_000));

    /** Read at the end, that nothing is left out. */
    private static long used;

    private Child() {}

    private static void use(long value) {
      used += value;
    }

    private static Access copyIn(int length) {
      return (memory, _, at) -> use(memory.read(0x1000 + at, OWN, 0, length) ? 1 : 2);
    }

    private static Access copyOut(int length) {
      return (memory, _, at) -> use(memory.write(0x1000 + at, OWN, 0, length) ? 1 : 2);
    }

    public static void main(String[] arguments) throws IOException {
      int warmUp = Integer.parseInt(arguments[0]);
      for (int i = 0; i < ACCESSES.size(); i++) {
        for (int round = 0; round < 3; round++) {
          tryOut(i, warmUp);
        }
      }
      System.out.println(used == 0 ? "nothing was done" : "all as it must be");
    }

    private static void tryOut(int index, int warmUp) throws IOException {
      LinuxFile file = LinuxFile.memory("guest", 0);
      file.truncate(BYTES);
      MappedRegion region = MappedRegion.map(REGION, file.fd());
      GuestMemory memory = GuestMemory.NONE.with(region);
      Access access = ACCESSES.get(index);
      for (int i = 0; i < warmUp; i++) {
        boolean failed = fails(access, memory, region.memory(), i & 0xfff8);
        if (failed) {
          throw new AssertionError("failed, with its file there: " + index);
        }
      }
      file.truncate(0);
      if (!fails(access, memory, region.memory(), 64)) {
        throw new AssertionError("did not fail in time: " + index);
      }
      region.unmap();
      file.close();
    }

    private static boolean fails(Access access, GuestMemory memory, MemorySegment bytes, long at) {
      boolean passed = false;
      try {
        access.make(memory, bytes, at);
        GuestFault.raise();
        passed = true;
        return false;
      } catch (InternalError e) {
        if (passed) {
          throw new AssertionError("too late", e);
        }
        return true;
      }
    }
  }
}
