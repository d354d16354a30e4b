package io.zublk.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NativeLibraryTest {

  private static final int E_MACHINE = 18; // its offset in an ELF header, elf(5)

  @ParameterizedTest
  @CsvSource({"amd64,62", "aarch64,183"}) // EM_X86_64, EM_AARCH64
  void bothLibrariesAreThereForBothArchitectures(String architecture, int machine)
      throws IOException {
    for (String resource : new String[] {Lz4.RESOURCE, Zstd.RESOURCE}) {
      try (InputStream library =
          getClass().getClassLoader().getResourceAsStream(resource.formatted(architecture))) {
        assertThat(library).as(resource).isNotNull();
        byte[] header = library.readNBytes(E_MACHINE + 2);
        assertThat(header[E_MACHINE] & 0xFF).isEqualTo(machine);
      }
    }
  }

  @Test
  void aLibraryThatThisMachineHasNotIsRefused() {
    assertThatThrownBy(() -> NativeLibrary.load("no/such/%s/library.so"))
        .isInstanceOf(UnsupportedOperationException.class)
        .hasMessageStartingWith("no compression library no/such/");
  }

  @Test
  void aLibraryThatIsNoneIsRefused() {
    assertThatThrownBy(() -> NativeLibrary.load("junit-platform.properties"))
        .isInstanceOf(UnsupportedOperationException.class)
        .hasMessageStartingWith("cannot load junit-platform.properties");
  }

  @Test
  void loadedLibrariesLieInNoDirectory() throws IOException {
    CodecSpec.parse("lz4").newCodec().close();
    CodecSpec.parse("zstd").newCodec().close();

    assertThat(Files.readAllLines(Path.of("/proc/self/maps")))
        .filteredOn(line -> line.contains("lz4") || line.contains("zstd"))
        .filteredOn(line -> line.contains(".so"))
        .isNotEmpty()
        .allMatch(line -> line.contains("/memfd:"));
  }
}
