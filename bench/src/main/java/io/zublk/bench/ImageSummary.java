package io.zublk.bench;

import static io.zublk.block.Geometry.PAGE_BYTES;

import io.zublk.codec.PageFill;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What is in an image of memory pages.
 *
 * @param pages whole pages of 4096 bytes
 * @param oneWordPages those that are one 64-bit word, repeated, which take no codec
 */
public record ImageSummary(long pages, long oneWordPages) {

  private static final String ROW = "%-16s %10s %10s %16s%n";

  /**
   * Arguments: files.
   *
   * @throws IOException if one cannot be read
   */
  public static void main(String[] args) throws IOException {
    System.out.printf(ROW, "image", "MiB", "pages", "of one word, %");
    for (String file : args) {
      try (BenchData data =
          BenchData.load(file, Files.size(Path.of(file)) / PAGE_BYTES * PAGE_BYTES)) {
        ImageSummary summary = of(data.bytes());
        System.out.printf(
            ROW,
            Path.of(file).getFileName(),
            "%.1f".formatted(summary.pages() * (double) PAGE_BYTES / (1 << 20)),
            summary.pages(),
            "%.2f".formatted(100.0 * summary.oneWordPages() / summary.pages()));
      }
    }
  }

  static ImageSummary of(MemorySegment image) {
    long pages = image.byteSize() / PAGE_BYTES;
    long oneWord = 0;
    for (long page = 0; page < pages; page++) {
      if (PageFill.isFilled(image, page * PAGE_BYTES)) {
        oneWord++;
      }
    }
    return new ImageSummary(pages, oneWord);
  }
}
