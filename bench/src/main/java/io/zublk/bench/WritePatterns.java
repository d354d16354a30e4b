package io.zublk.bench;

import static io.zublk.block.Geometry.PAGE_BYTES;

import io.zublk.codec.CodecSpec;
import io.zublk.codec.PageCodec;
import io.zublk.uring.sys.Memory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * What fio writes: it repeats one buffer, so each job gets another one, chosen to stand for the
 * data set. Large requests write consecutive pages of it; page-sized ones write the page that lies
 * at the job's share of all pages ordered by compressed size.
 */
final class WritePatterns implements AutoCloseable {

  /** Pages that are looked at; more would not move the quantiles. */
  private static final int SAMPLED_PAGES = 4096;

  private final MemorySegment data;
  private final List<Long> pagesBySize;
  private final Path directory;
  private final Map<String, Path> files = new HashMap<>();

  WritePatterns(MemorySegment data) throws IOException {
    this.data = data;
    this.pagesBySize = sample(data);
    this.directory = Files.createTempDirectory("zublk-bench");
  }

  /** Positions of pages, spread evenly over the data, in the order of their compressed sizes. */
  private static List<Long> sample(MemorySegment data) throws IOException {
    long pages = data.byteSize() / PAGE_BYTES;
    int count = (int) Math.min(pages, SAMPLED_PAGES);
    MemorySegment target = Memory.mapAnonymous(PAGE_BYTES);
    record Sized(long position, int bytes) {}
    List<Sized> sampled = new ArrayList<>();
    try (PageCodec codec = CodecSpec.parse("lz4").newCodec()) {
      for (int i = 0; i < count; i++) {
        // An odd page of every stretch: sets that repeat every few pages are met everywhere.
        long position = (pages * i / count + i % Math.max(1, pages / count)) * PAGE_BYTES;
        int bytes = codec.compress(data, position, target, 0, PAGE_BYTES);
        sampled.add(new Sized(position, bytes == 0 ? PAGE_BYTES : bytes));
      }
    } finally {
      Memory.unmap(target);
    }
    return sampled.stream()
        .sorted(Comparator.comparingInt(Sized::bytes))
        .map(Sized::position)
        .toList();
  }

  /** The file with the bytes that a job writes. */
  Path file(FioRow row, int job) throws IOException {
    String name = "%d-%d-%d".formatted(row.blockBytes(), row.jobs(), job);
    Path file = files.get(name);
    if (file == null) {
      file = directory.resolve(name);
      byte[] bytes =
          data.asSlice(position(row, job), row.blockBytes()).toArray(ValueLayout.JAVA_BYTE);
      Files.write(file, bytes);
      files.put(name, file);
    }
    return file;
  }

  private long position(FioRow row, int job) {
    if (row.blockBytes() == PAGE_BYTES) {
      return pagesBySize.get((int) ((job + 0.5) / row.jobs() * pagesBySize.size()));
    }
    long blocks = data.byteSize() / row.blockBytes();
    return job * blocks / row.jobs() * row.blockBytes();
  }

  @Override
  public void close() throws IOException {
    List<Path> all = new ArrayList<>();
    try (Stream<Path> entries = Files.list(directory)) {
      all.addAll(entries.toList());
    }
    for (Path file : all) {
      Files.delete(file);
    }
    Files.delete(directory);
  }
}
