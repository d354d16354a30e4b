package io.zublk.codec;

import static io.zublk.codec.PageCodec.PAGE_BYTES;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Scalar and vector coder do the same, whatever they get, and keep within their memory. */
class LineCodersTest {

  private static final Pattern HEAP = Pattern.compile("([0-9a-f]+)-([0-9a-f]+) rw-p .* 0 *");

  private final LineCoders coders = new LineCoders();

  @AfterEach
  void close() {
    coders.close();
  }

  @Test
  void aCpuThatSuitsIsTestedWithItsVectors() {
    assertThat(LineCoders.all()).hasSize(LineVectors.unsuited().isEmpty() ? 2 : 1);
  }

  @Test
  void pagesOfEveryKindBecomeTheSameObjectAndComeBack() {
    for (int seed = 0; seed < 2000; seed++) {
      for (PageKind kind : PageKind.values()) {
        assertComesBack(kind.page(seed));
      }
    }
  }

  /** What they are made for. */
  @Test
  void thisProcessesMemoryBecomesTheSameObjectsAndComesBack() throws IOException {
    int pages = 0;
    try (var memory = new RandomAccessFile("/proc/self/mem", "r")) {
      for (String line : Files.readAllLines(Path.of("/proc/self/maps"))) {
        Matcher matcher = HEAP.matcher(line);
        if (matcher.matches()) {
          long from = Long.parseLong(matcher.group(1), 16);
          long to = Math.min(from + (4 << 20), Long.parseLong(matcher.group(2), 16));
          pages += assertComeBack(memory, from, to);
        }
      }
    }
    Assumptions.assumeTrue(pages > 0, "this process must not read its own memory");
  }

  private int assertComeBack(RandomAccessFile memory, long from, long to) {
    byte[] page = new byte[PAGE_BYTES];
    int pages = 0;
    for (long at = from; at < to; at += PAGE_BYTES) {
      try {
        memory.seek(at);
        memory.readFully(page);
      } catch (IOException e) {
        return pages; // reserved, not readable
      }
      assertComesBack(page);
      pages++;
    }
    return pages;
  }

  private void assertComesBack(byte[] page) {
    byte[] object = coders.encode(page, LineFormat.MAX_OBJECT_BYTES);
    assertThat(coders.decode(object)).isEqualTo(page);
    assertThat(coders.encode(page, object.length - 1)).isEmpty();
  }

  @Test
  void anyLimitIsKept() {
    Random random = new Random(1);
    for (int i = 0; i < 20_000; i++) {
      byte[] page = page(random);
      byte[] object = coders.encode(page, random.nextInt(LineFormat.MAX_OBJECT_BYTES + 1));
      if (object.length > 0) {
        assertThat(coders.decode(object)).isEqualTo(page);
      }
    }
  }

  @Test
  void whatIsMalformedDoesNoHarm() {
    assertDoesNoHarm(100_000);
  }

  @Tag("long")
  @Test
  void tenMillionMalformedObjectsDoNoHarm() {
    assertDoesNoHarm(10_000_000);
  }

  private void assertDoesNoHarm(int objects) {
    Random random = new Random(2);
    int refused = 0;
    for (int done = 0; done < objects; ) {
      byte[] object = coders.encode(page(random), LineFormat.MAX_OBJECT_BYTES);
      for (int i = 0; i < 50 && done < objects; i++, done++) {
        refused += coders.decode(damaged(object, random)) == null ? 1 : 0;
      }
    }
    // Flipped literals, and references that are others, make another page.
    assertThat(refused).isBetween(objects / 2, objects - objects / 20);
  }

  private static byte[] page(Random random) {
    PageKind[] kinds = PageKind.values();
    return kinds[random.nextInt(kinds.length)].page(random.nextLong());
  }

  private static byte[] damaged(byte[] object, Random random) {
    return switch (random.nextInt(6)) {
      case 0 -> Arrays.copyOf(object, random.nextInt(object.length));
      case 1 -> Arrays.copyOfRange(object, random.nextInt(object.length), object.length);
      case 2 -> garbage(random);
      case 3 -> withOtherLiterals(object, random);
      default -> flipped(object, random);
    };
  }

  private static byte[] garbage(Random random) {
    byte[] bytes = new byte[random.nextInt(LineFormat.MAX_OBJECT_BYTES + 200)];
    random.nextBytes(bytes);
    return bytes;
  }

  /** More of them or fewer, and all else as it was. */
  private static byte[] withOtherLiterals(byte[] object, Random random) {
    byte[] bytes = new byte[Math.max(1, object.length + random.nextInt(-70, 70))];
    int tail = Math.min(bytes.length, object.length);
    System.arraycopy(object, object.length - tail, bytes, bytes.length - tail, tail);
    return bytes;
  }

  /** Half of the bits in references and word masks. */
  private static byte[] flipped(byte[] object, Random random) {
    byte[] bytes = object.clone();
    for (int i = random.nextInt(1, 4); i > 0; i--) {
      int range = random.nextBoolean() ? LineFormat.FIXED_BYTES : bytes.length;
      bytes[bytes.length - 1 - random.nextInt(range)] ^= (byte) (1 << random.nextInt(8));
    }
    return bytes;
  }
}
