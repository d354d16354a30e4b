package io.zublk.bench;

import io.zublk.uring.sys.LinuxFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * One client thread with libblkio, a driver that nobody here wrote, on several disks with the same
 * data: each is filled with an image, then rounds in which the disks take turns read and write it.
 */
public final class BlkioBench {

  private static final int PAGE = 4096;
  private static final int MIB = 1 << 20;

  /** One request of so many is timed. */
  private static final int SAMPLE_EVERY = 16;

  private static final int MAX_SAMPLES = 1 << 16;

  /** What fits the default staging pool of 64 MiB, beside what is being compressed. */
  private static final int BURST_BYTES = 48 << 20;

  /** How long a burst's disk has nothing to do first. */
  private static final int SETTLE_MILLIS = 500;

  /** What is measured: requests of one size, at a depth. */
  private enum Row {
    READ_1("4K random read, depth 1", false, PAGE, 1),
    READ_32("4K random read, depth 32", false, PAGE, 32),
    READ_128("4K random read, depth 128", false, PAGE, 128),
    WRITE_32("4K random write, depth 32", true, PAGE, 32),
    BURST_32("4K random write of 48 MiB, depth 32", true, PAGE, 32),
    READ_MIB("1M read, depth 4", false, MIB, 4),
    WRITE_MIB("1M write, depth 4", true, MIB, 4),
    BURST("1M write of 48 MiB, depth 4", true, MIB, 4);

    final String label;
    final boolean write;
    final int bytes;
    final int depth;

    Row(String label, boolean write, int bytes, int depth) {
      this.label = label;
      this.write = write;
      this.bytes = bytes;
      this.depth = depth;
    }

    /** Whether it is as much as an idle disk may take before it works on it. */
    boolean isBurst() {
      return this == BURST || this == BURST_32;
    }
  }

  /** What a row came to. */
  private record Result(double perSecond, long p50, long p99) {}

  private final Map<String, BlkioDisk> disks = new LinkedHashMap<>();
  private final Map<String, Map<Row, List<Result>>> results = new LinkedHashMap<>();
  private final long imageBytes;
  private final Xorshift random = new Xorshift(0);

  private BlkioBench(long imageBytes) {
    this.imageBytes = imageBytes;
  }

  /**
   * Arguments: the library's file, an image, rounds, milliseconds for each row, and the disks:
   * {@code NAME=DRIVER:PATH}, with {@code +} before the driver if the client polls. Ratios are to
   * the first.
   *
   * @throws IOException if a disk cannot be opened, or a request fails
   */
  public static void main(String[] args) throws Exception {
    Path image = Path.of(args[1]);
    BlkioBench bench = new BlkioBench(Files.size(image) / MIB * MIB);
    Blkio library = Blkio.load(Path.of(args[0]));
    for (String disk : List.of(args).subList(4, args.length)) {
      bench.open(library, disk, image);
    }
    int rounds = Integer.parseInt(args[2]);
    int millis = Integer.parseInt(args[3]);
    for (int round = 0; round <= rounds; round++) {
      bench.round(millis, round > 0); // the first warms compilers up
    }
    bench.print();
  }

  private void open(Blkio library, String argument, Path image) throws IOException {
    String[] parts = argument.split("[=:]", 3);
    boolean polls = parts[1].startsWith("+");
    String driver = polls ? parts[1].substring(1) : parts[1];
    long bytes = imageBytes + (long) BlkioDisk.MOST_REQUESTS * MIB;
    BlkioDisk disk = new BlkioDisk(library, driver, parts[2], polls, bytes);
    try (LinuxFile file = LinuxFile.open(image, LinuxFile.O_RDONLY, 0)) {
      for (long at = 0; at < imageBytes; at += MIB) {
        if (file.read(at, disk.memory(), at, MIB) != MIB) {
          throw new IOException("the image cannot be read");
        }
      }
    }
    for (long at = 0; at < imageBytes; at += MIB) {
      disk.submit(true, at, at, MIB, 0);
      int done = disk.await();
      for (int i = 0; i < done; i++) {
        int _ = disk.tag(i);
      }
    }
    verify(disk);
    disks.put(parts[0], disk);
    results.put(parts[0], new LinkedHashMap<>());
  }

  /** Figures of a disk that returns something else would be worth nothing. */
  private void verify(BlkioDisk disk) throws IOException {
    for (long at = 0; at < imageBytes; at += MIB) {
      disk.submit(false, at, imageBytes, MIB, 0);
      int _ = disk.await();
      int _ = disk.tag(0);
      if (MemorySegment.mismatch(
              disk.memory(), at, at + MIB, disk.memory(), imageBytes, imageBytes + MIB)
          >= 0) {
        throw new IOException("the disk returns other data than were written");
      }
    }
  }

  private void round(int millis, boolean counts) throws Exception {
    for (Row row : Row.values()) {
      for (Map.Entry<String, BlkioDisk> disk : disks.entrySet()) {
        if (row.isBurst()) {
          Thread.sleep(SETTLE_MILLIS);
        }
        Result result = run(disk.getValue(), row, millis);
        if (counts) {
          results.get(disk.getKey()).computeIfAbsent(row, _ -> new ArrayList<>()).add(result);
        }
      }
    }
  }

  private Result run(BlkioDisk disk, Row row, int millis) throws IOException {
    long[] samples = new long[MAX_SAMPLES];
    long[] starts = new long[row.depth];
    int sampled = 0;
    long most = row.isBurst() ? BURST_BYTES / row.bytes : Long.MAX_VALUE;
    long submitted = 0;
    long completed = 0;
    long start = System.nanoTime();
    long end = start + millis * 1_000_000L;
    for (int tag = 0; tag < row.depth; tag++) {
      starts[tag] = submit(disk, row, tag, submitted++);
    }
    boolean more = true;
    while (completed < submitted) {
      int done = disk.await();
      more = more && System.nanoTime() < end;
      for (int i = 0; i < done; i++) {
        int tag = disk.tag(i);
        completed++;
        if (starts[tag] != 0 && sampled < samples.length) {
          samples[sampled++] = System.nanoTime() - starts[tag];
        }
        if (more && submitted < most) {
          starts[tag] = submit(disk, row, tag, submitted++);
        }
      }
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    long[] times = Arrays.copyOf(samples, sampled);
    return new Result(
        completed / seconds, Statistics.percentile(times, 50), Statistics.percentile(times, 99));
  }

  /** When the request was submitted, if it is one of those that are timed; else 0. */
  private long submit(BlkioDisk disk, Row row, int tag, long number) {
    long units = imageBytes / row.bytes;
    long unit = row.bytes == PAGE ? random.next(units) : number % units;
    long position = unit * row.bytes;
    long buffer = row.write ? position : imageBytes + (long) tag * MIB;
    long time = number % SAMPLE_EVERY == 0 ? System.nanoTime() : 0;
    disk.submit(row.write, position, buffer, row.bytes, tag);
    return time;
  }

  private void print() {
    String first = results.keySet().iterator().next();
    for (Row row : Row.values()) {
      System.out.println(row.label);
      double base = median(first, row, Result::perSecond);
      for (String name : results.keySet()) {
        double rate = median(name, row, Result::perSecond);
        System.out.printf(
            "  %-16s %10.0f /s %8.0f MB/s   p50 %6.1f us  p99 %7.1f us   %.2f x %s%n",
            name,
            rate,
            rate * row.bytes / 1e6,
            median(name, row, Result::p50) / 1e3,
            median(name, row, Result::p99) / 1e3,
            rate / base,
            first);
      }
    }
  }

  private double median(String name, Row row, ToDoubleFunction<Result> figure) {
    return Statistics.median(
        results.get(name).get(row).stream().mapToDouble(figure).boxed().toList());
  }
}
