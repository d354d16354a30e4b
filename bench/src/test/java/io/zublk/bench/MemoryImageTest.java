package io.zublk.bench;

import static io.zublk.uring.sys.Memory.MAP_ANONYMOUS;
import static io.zublk.uring.sys.Memory.MAP_SHARED;
import static io.zublk.uring.sys.Memory.PROT_READ;
import static io.zublk.uring.sys.Memory.PROT_WRITE;
import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.codec.PageFill;
import io.zublk.uring.sys.Memory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MemoryImageTest {

  private static final int PAGE = 4096;

  @TempDir private Path directory;

  @Test
  void theImageIsOfPrivatePagesThatAreNotZero() throws IOException {
    String words = "these words are in its private memory";
    Process shell = new ProcessBuilder("sh", "-c", ": " + words + "; read line").start();
    try {
      byte[] image = image(shell.pid());
      assertThat(new String(image, StandardCharsets.ISO_8859_1)).contains(words);
      for (int at = 0; at < image.length; at += PAGE) {
        assertThat(Arrays.equals(image, at, at + PAGE, new byte[PAGE], 0, PAGE)).isFalse();
      }
      assertThat(image(shell.pid(), "--shared")).isEmpty();
    } finally {
      shell.destroy();
    }
  }

  /** Of this process, which has none but what the test makes: a page of a word, one of zeros. */
  @Test
  void anImageOfSharedMemoryHasNoOther() throws IOException {
    MemorySegment shared =
        Memory.map(2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    try {
      PageFill.fill(shared, 0, 0x5348_4152_4544_2121L);
      assertThat(MemorySegment.ofArray(image(ProcessHandle.current().pid(), "--shared")))
          .satisfies(image -> assertThat(image.mismatch(shared)).isEqualTo(PAGE));
    } finally {
      Memory.unmap(shared);
    }
  }

  private byte[] image(long pid, String... options) throws IOException {
    Path file = directory.resolve("image");
    Stream<String> rest = Stream.of(Long.toString(pid), file.toString(), "64");
    MemoryImage.main(Stream.concat(Stream.of(options), rest).toArray(String[]::new));
    return Files.readAllBytes(file);
  }
}
