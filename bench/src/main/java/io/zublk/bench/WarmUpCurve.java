package io.zublk.bench;

import static io.zublk.block.Geometry.PAGE_BYTES;

import io.zublk.daemon.Json;
import io.zublk.uring.sys.Processes;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;

/**
 * What users see of the compiler: from the moment that {@code create} returns, an NBD client writes
 * a page of an image and reads another back, one request at a time, and what it got done, and what
 * processor time the server took for it, is said for each tenth of a second. nbdkit's memory
 * plugin, which compiles nothing, stands beside.
 */
public final class WarmUpCurve {

  private static final int BUCKET_MILLIS = 100;
  private static final long BUCKET_NANOS = BUCKET_MILLIS * 1_000_000L;
  private static final long BYTES = 64L << 20;

  /**
   * With a request at a time, what is measured on an idle machine is how long its CPUs, or those of
   * its hypervisor, take to wake up.
   */
  private static final int CLIENTS = 4;

  /** A contender that is no algorithm of ours. */
  private static final String NBDKIT = "nbdkit";

  /** Of a tenth of a second. */
  private record Bucket(double requests, double cpuMicros) {}

  private final Path zublk;
  private final MemorySegment data;
  private final int buckets;

  private WarmUpCurve(Path zublk, MemorySegment data, int buckets) {
    this.zublk = zublk;
    this.data = data;
    this.buckets = buckets;
  }

  /**
   * Arguments: the {@code zublk} to run, an image, rounds, seconds, and the contenders: algorithms,
   * or {@code nbdkit}.
   *
   * @throws IOException if one cannot be started
   */
  public static void main(String[] args) throws IOException {
    int rounds = Integer.parseInt(args[2]);
    int buckets = (int) (Double.parseDouble(args[3]) * 1000 / BUCKET_MILLIS);
    List<String> names = List.of(args).subList(4, args.length);
    try (BenchData data = BenchData.load(args[1], BYTES)) {
      WarmUpCurve curve = new WarmUpCurve(Path.of(args[0]), data.bytes(), buckets);
      curve.measure(NBDKIT); // so that this program is compiled, too
      Map<String, List<List<Bucket>>> all = new LinkedHashMap<>();
      for (int round = 0; round < rounds; round++) {
        for (String name : names) {
          all.computeIfAbsent(name, _ -> new ArrayList<>()).add(curve.measure(name));
        }
      }
      System.out.printf("%s, %d rounds, load %.1f%n", data.name(), rounds, MachineFacts.load());
      print(all, buckets);
    }
  }

  private List<Bucket> measure(String contender) throws IOException {
    if (contender.equals(NBDKIT)) {
      try (NbdkitServer server = NbdkitServer.start("malloc", BYTES)) {
        return load(server.address(), server.pid());
      }
    }
    Map<String, Object> made = create(contender);
    try {
      return load(new Address((String) made.get("path")), ((Number) made.get("pid")).longValue());
    } finally {
      run("remove", String.valueOf(made.get("id")));
    }
  }

  private Map<String, Object> create(String algorithm) throws IOException {
    String size = String.valueOf(BYTES);
    return Json.object(
        run("create", "--json", "-s", size, "--transport", "nbd", "--algorithm", algorithm));
  }

  private String run(String... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of(zublk.toString()));
    command.addAll(List.of(arguments));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    try {
      if (process.waitFor() != 0) {
        throw new IOException("failed: " + command);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
    return output;
  }

  private List<Bucket> load(Address device, long server) throws IOException {
    LongAdder requests = new LongAdder();
    List<Future<?>> clients = new ArrayList<>();
    List<Bucket> result = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(CLIENTS)) {
      for (int i = 0; i < CLIENTS; i++) {
        Lane lane = device.openLane();
        int client = i;
        clients.add(threads.submit(() -> writeAndRead(lane, client, requests)));
      }
      sample(server, requests, result);
      clients.forEach(client -> client.cancel(true));
    }
    for (Future<?> client : clients) {
      if (client.state() == Future.State.FAILED) {
        throw new IOException(client.exceptionNow());
      }
    }
    return result;
  }

  private void sample(long server, LongAdder requests, List<Bucket> result) throws IOException {
    long start = System.nanoTime();
    long before = start;
    long cpuBefore = Processes.cpuNanos(server);
    for (int bucket = 1; bucket <= buckets; bucket++) {
      LockSupport.parkNanos(start + bucket * BUCKET_NANOS - System.nanoTime());
      long now = System.nanoTime();
      long cpu = Processes.cpuNanos(server);
      long done = requests.sumThenReset();
      result.add(
          new Bucket(
              done * 1e9 / Math.max(1, now - before), // parked for longer where CPUs are busy
              (cpu - cpuBefore) / 1e3 / Math.max(1, done)));
      before = now;
      cpuBefore = cpu;
    }
  }

  /** Writes this client's share of the pages over and over, and reads what is written. */
  private Void writeAndRead(Lane lane, int client, LongAdder requests) throws IOException {
    int pages = (int) (BYTES / PAGE_BYTES / CLIENTS);
    Random random = new Random(client);
    try (lane;
        Arena arena = Arena.ofConfined()) {
      MemorySegment page = arena.allocate(PAGE_BYTES, PAGE_BYTES);
      for (int written = 0; !Thread.currentThread().isInterrupted(); written++) {
        check(
            lane.write(
                place(client, written % pages), data, place(client, written % pages), PAGE_BYTES));
        int back = random.nextInt(Math.min(written + 1, pages));
        check(lane.read(place(client, back), page, 0, PAGE_BYTES));
        requests.add(2);
      }
    } catch (IOException e) {
      if (!Thread.currentThread().isInterrupted()) {
        throw e;
      }
    }
    return null;
  }

  private static long place(int client, int page) {
    return (BYTES / PAGE_BYTES / CLIENTS * client + page) * PAGE_BYTES;
  }

  private static void check(int result) throws IOException {
    if (result != 0) {
      throw new IOException("errno " + -result);
    }
  }

  private static void print(Map<String, List<List<Bucket>>> all, int buckets) {
    System.out.printf("%6s", "ms");
    all.keySet().forEach(name -> System.out.printf(" %12s %8s", name, "CPU us"));
    System.out.println();
    for (int bucket = 0; bucket < buckets; bucket++) {
      int at = bucket;
      System.out.printf("%6d", (bucket + 1) * BUCKET_MILLIS);
      for (List<List<Bucket>> rounds : all.values()) {
        List<Bucket> column = rounds.stream().map(round -> round.get(at)).toList();
        System.out.printf(
            " %12.0f %8.1f",
            Statistics.median(column.stream().map(Bucket::requests).toList()),
            Statistics.median(column.stream().map(Bucket::cpuMicros).toList()));
      }
      System.out.println();
    }
  }
}
