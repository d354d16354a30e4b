package io.zublk.bench;

import static io.zublk.block.Geometry.PAGE_BYTES;

import io.zublk.bench.Target.MemoryUse;
import io.zublk.block.BlockChannel;
import io.zublk.codec.PackingSpec;
import io.zublk.daemon.SizeExpression;
import io.zublk.store.PageStore;
import io.zublk.store.StoreOptions;
import io.zublk.store.StoreStats;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * How much memory the same bytes take in a zublk store and in kernel zram, by zram's definitions.
 *
 * <p>{@code orig/compr} is the codec's ratio. {@code orig/used} is what the machine pays: of zublk
 * with the page table and all books, checked against the blocks that the kernel counts; of zram
 * {@code mem_used_total}, which leaves out its page table of 16 bytes a page.
 */
public final class Footprint {

  private static final int IO_BYTES = 1 << 20;
  private static final String ROW = "%-28s %-17s %-8s %14s %14s %14s %8s %8s%n";

  private Footprint() {}

  /**
   * Arguments: {@code mixed:1G}, {@code w3:64M} or files of memory pages.
   *
   * @throws IOException if a file cannot be read or there is no memory
   */
  public static void main(String[] args) throws IOException {
    System.out.printf(ROW, "data", "codec", "store", "orig", "compr", "used", "o/compr", "o/used");
    for (String arg : args) {
      measure(arg);
    }
    if (!ZramDevice.isAvailable()) {
      System.out.println("kernel zram: not available here (it needs root and the zram driver)");
    }
  }

  private static void measure(String source) throws IOException {
    try (BenchData data = load(source)) {
      String name = Path.of(source).getFileName().toString();
      for (String codec : new String[] {"lz4", "line", "line+lz4", "zstd", "line+zstd"}) {
        print(name, codec, "zublk", store(data.bytes(), codec));
      }
      if (ZramDevice.isAvailable()) {
        try (ZramDevice zram = ZramDevice.create("lz4", data.bytes().byteSize())) {
          Contents.fill(zram, data.bytes());
          print(name, "lz4", "zram", zram.memory().orElseThrow());
        }
      }
    }
  }

  private static BenchData load(String source) throws IOException {
    String[] set = source.split(":", 2);
    return set.length == 2
        ? BenchData.load(set[0], SizeExpression.parse(set[1]))
        : BenchData.load(source, Files.size(Path.of(source)) / PAGE_BYTES * PAGE_BYTES);
  }

  private static MemoryUse store(MemorySegment data, String codec) throws IOException {
    Path directory = Files.createTempDirectory(Path.of("/dev/shm"), "zublk-footprint");
    Path path = directory.resolve("store");
    StoreOptions options = new StoreOptions(data.byteSize(), PackingSpec.parse(codec), 0);
    try (PageStore store = PageStore.create(path, options);
        BlockChannel channel = store.openChannel()) {
      for (long at = 0; at < data.byteSize(); at += IO_BYTES) {
        int length = (int) Math.min(IO_BYTES, data.byteSize() - at);
        if (channel.write(at, data, at, length) != 0) {
          throw new IOException("the store refused a write; is there memory for it?");
        }
      }
      StoreStats stats = store.stats();
      if (stats.memUsedTotal() != store.allocatedBytes()) {
        throw new IOException("the store's count of its memory differs from the kernel's");
      }
      return new MemoryUse(stats.origDataSize(), stats.comprDataSize(), stats.memUsedTotal());
    } finally {
      Files.delete(path);
      Files.delete(directory);
    }
  }

  private static void print(String name, String codec, String store, MemoryUse use) {
    System.out.printf(
        ROW,
        name,
        codec,
        store,
        use.orig(),
        use.compr(),
        use.used(),
        ratio(use.orig(), use.compr()),
        ratio(use.orig(), use.used()));
  }

  private static String ratio(long a, long b) {
    return "%.3f".formatted((double) a / b);
  }
}
