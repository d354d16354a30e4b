package io.zublk.codec;

import static io.zublk.codec.PageCodec.PAGE_BYTES;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The test vectors of {@code docs/formats/line.md}. */
class LineFormatTest {

  private static final Path DOCUMENT = Path.of("..", "docs", "formats", "line.md");

  /** A key word and bytes, which may go on in lines that are indented more. */
  private static final Pattern VECTOR =
      Pattern.compile(
          "^    (page|object|refused|accepted) +(.*(?:\\n {5,}.*)*)", Pattern.MULTILINE);

  private static final Pattern BYTES = Pattern.compile("(?:(\\d+)\\*)?([0-9a-f]{2})");

  private final Arena arena = Arena.ofAuto();
  private final MemorySegment page = arena.allocate(PAGE_BYTES);
  private final MemorySegment scratch = arena.allocate(LineScratch.BYTES);

  /** All that stand behind one key word, in their order. */
  private static List<byte[]> vectors(String key) throws IOException {
    return VECTOR
        .matcher(Files.readString(DOCUMENT))
        .results()
        .filter(found -> found.group(1).equals(key))
        .map(found -> bytes(found.group(2)))
        .toList();
  }

  private static byte[] bytes(String text) {
    var bytes = new ByteArrayOutputStream();
    for (String token : text.strip().split("\\s+", -1)) {
      Matcher matcher = BYTES.matcher(token);
      assertThat(matcher.matches()).as(token).isTrue();
      int times = matcher.group(1) == null ? 1 : Integer.parseInt(matcher.group(1));
      for (int i = 0; i < times; i++) {
        bytes.write(HexFormat.fromHexDigits(matcher.group(2)));
      }
    }
    return bytes.toByteArray();
  }

  static Stream<LineCoder> coders() {
    return LineCoders.all().stream();
  }

  @ParameterizedTest
  @MethodSource("coders")
  void everyPageOfTheDocumentBecomesItsObjectAndBack(LineCoder coder) throws IOException {
    List<byte[]> pages = vectors("page");
    List<byte[]> objects = vectors("object");
    assertThat(pages).hasSize(4).hasSameSizeAs(objects);
    for (int i = 0; i < pages.size(); i++) {
      assertThat(encoded(coder, pages.get(i))).isEqualTo(objects.get(i));
      assertThat(decodes(coder, objects.get(i))).isTrue();
      assertThat(page.toArray(JAVA_BYTE)).isEqualTo(pages.get(i));
    }
  }

  @ParameterizedTest
  @MethodSource("coders")
  void whatTheDocumentRefusesIsRefused(LineCoder coder) throws IOException {
    List<byte[]> refused = vectors("refused");
    assertThat(refused).hasSize(8);
    for (int i = 0; i < refused.size(); i++) {
      assertThat(decodes(coder, refused.get(i))).as("number %d", i).isFalse();
    }
  }

  @ParameterizedTest
  @MethodSource("coders")
  void whatTheDocumentAcceptsAsZerosIsAccepted(LineCoder coder) throws IOException {
    List<byte[]> accepted = vectors("accepted");
    assertThat(accepted).hasSize(2);
    for (byte[] object : accepted) {
      page.fill((byte) 1);
      assertThat(decodes(coder, object)).isTrue();
      assertThat(page.toArray(JAVA_BYTE)).containsOnly(0);
    }
  }

  private byte[] encoded(LineCoder coder, byte[] bytes) {
    page.copyFrom(MemorySegment.ofArray(bytes));
    MemorySegment object = arena.allocate(LineFormat.MAX_OBJECT_BYTES);
    int length =
        coder.encode(
            page.address(), object.address(), LineFormat.MAX_OBJECT_BYTES, scratch.address());
    return object.asSlice(0, length).toArray(JAVA_BYTE);
  }

  private boolean decodes(LineCoder coder, byte[] bytes) {
    MemorySegment object = arena.allocate(bytes.length);
    object.copyFrom(MemorySegment.ofArray(bytes));
    return coder.decode(object.address(), bytes.length, page.address(), scratch.address());
  }
}
