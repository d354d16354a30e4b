package io.zublk.store.arena;

import static io.zublk.store.file.StoreLayout.DESCRIPTOR_BYTES;
import static io.zublk.store.file.StoreLayout.SLAB_BYTES;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.store.TestPages;
import io.zublk.store.file.StoreFile;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SlabArenaTest {

  private static final long DEVICE_PAGES = 16 << 10;

  private StoreFile file;
  private MemoryBudget budget;
  private SlabArena arena;
  private Path directory;

  @BeforeEach
  void open() throws Exception {
    directory = Files.createTempDirectory(TestPages.SHM, "zublk-arena-test");
    file =
        StoreFile.create(
            directory.resolve("store"), DEVICE_PAGES, TestPages.LZ4, StoreFile.ANY_NODE);
    budget = new MemoryBudget(file.extent().metadataBytes, 0);
    arena = new SlabArena(file, budget, false);
  }

  @AfterEach
  void close() throws Exception {
    file.close();
    Files.delete(directory.resolve("store"));
    Files.delete(directory);
  }

  @Test
  void withAReserveTheKernelIsAskedByTheRefillAlone() throws Exception {
    arena.startReserve(4, () -> {});
    assertThat(arena.refill()).isTrue();
    long before = file.allocatedBytes();
    Random random = new Random(1);
    List<Long> live = new ArrayList<>();
    for (long location = 0; location >= 0; ) {
      location = arena.allocate(2000 + random.nextInt(40), false);
      live.add(location);
    }
    assertThat(live.removeLast()).isEqualTo(-28L); // ENOSPC
    assertThat(live).hasSizeGreaterThan(3 * SLAB_BYTES / 2048).doesNotHaveDuplicates();
    assertThat(arena.reserveBytes()).isZero();
    assertThat(arena.reserveFailures()).isEqualTo(1);
    assertThat(file.allocatedBytes()).isEqualTo(before);
    assertThat(arena.refill()).isTrue();
    assertThat(arena.reserveBytes()).isEqualTo(4L * SLAB_BYTES);
    assertThat(budget.usedBytes()).isEqualTo(file.allocatedBytes());
  }

  /** Such a class has addresses at the end of each slab that none of its slots lies in. */
  @Test
  void whatSmallObjectsHaveNoUseForGoesBack() throws Exception {
    arena.startReserve(1, () -> {});
    assertThat(arena.refill()).isTrue();
    assertThat(arena.allocate(16, false)).isNotNegative();
    assertThat(arena.refill()).isTrue();
    assertThat(budget.usedBytes()).isEqualTo(file.allocatedBytes());
    assertThat(budget.usedBytes() - file.extent().metadataBytes)
        .isEqualTo(SLAB_BYTES + SizeClasses.CHUNK_BYTES);
  }

  @Test
  void slotsNeverOverlapAndMemoryIsWhatTheKernelSays() throws Exception {
    Random random = new Random(1);
    TreeMap<Long, Integer> live = new TreeMap<>();
    for (int i = 0; i < 50_000; i++) {
      if (live.size() < 4000 || random.nextBoolean()) {
        int bytes = 1 + random.nextInt(4096);
        long location = arena.allocate(bytes, false);
        assertThat(location).isNotNegative();
        var before = live.floorEntry(location);
        assertThat(before == null || before.getKey() + before.getValue() <= location).isTrue();
        Long after = live.higherKey(location);
        assertThat(after == null || location + bytes <= after).isTrue();
        live.put(location, bytes);
      } else {
        Long location = live.ceilingKey((long) (random.nextDouble() * live.lastKey()));
        arena.free(location, live.remove(location));
      }
    }
    assertThat(budget.usedBytes()).isEqualTo(file.allocatedBytes());
    live.forEach(arena::free);
    assertThat(budget.usedBytes()).isEqualTo(file.extent().metadataBytes);
    assertThat(file.allocatedBytes()).isEqualTo(file.extent().metadataBytes);
  }

  @Test
  void aPartlyFreedSlabGivesItsEmptyChunksBack() {
    List<Long> locations = new ArrayList<>();
    for (int i = 0; i < SizeClasses.slots(SizeClasses.classOf(4096)); i++) {
      locations.add(arena.allocate(4096, false));
    }
    long full = budget.usedBytes();
    for (int i = 0; i < locations.size(); i++) {
      if (i / 4 % 2 == 0) {
        arena.free(locations.get(i), 4096); // every other chunk of four pages
      }
    }
    assertThat(full - budget.usedBytes()).isEqualTo(SLAB_BYTES / 2);
  }

  @Test
  void theLimitRefusesMemoryAndLosesNothing() {
    long room = 1 << 20;
    budget.setLimit(budget.usedBytes() + room);
    List<Long> locations = new ArrayList<>();
    long location;
    while ((location = arena.allocate(4096, false)) >= 0) {
      locations.add(location);
    }
    assertThat(location).isEqualTo(-28);
    assertThat(locations).hasSize((int) room / 4096);
    arena.free(locations.getFirst(), 4096);
    assertThat(arena.allocate(4096, false)).isEqualTo(locations.getFirst());
  }

  /** Of a slab's books: a bitmap that is fuller than its count says. */
  @Test
  void aSlabWithoutTheSlotsThatItsCountPromisesIsLeftForAnother() {
    int bytes = 3000;
    int slots = SizeClasses.slots(SizeClasses.classOf(bytes));
    long first = arena.allocate(bytes, false);
    long descriptor = file.layout().directoryOffset + first / SLAB_BYTES * DESCRIPTOR_BYTES;
    for (int word = 1; word <= Math.ceilDiv(slots, Long.SIZE); word++) {
      file.memory().set(JAVA_LONG, descriptor + word * 8L, -1L);
    }
    List<Long> others = new ArrayList<>();
    for (int i = 0; i < 2 * slots; i++) {
      others.add(arena.allocate(bytes, false));
    }
    assertThat(others).doesNotHaveDuplicates();
    assertThat(others).noneMatch(location -> location < 0);
    assertThat(others).noneMatch(location -> location / SLAB_BYTES == first / SLAB_BYTES);
  }

  @Test
  void manyThreadsOwnTheirSlotsAlone() throws Exception {
    int threads = 4;
    try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
      List<Future<Void>> results = new ArrayList<>();
      for (int t = 0; t < threads; t++) {
        results.add(pool.submit(owner(t + 1)));
      }
      for (Future<Void> result : results) {
        result.get();
      }
    }
    assertThat(budget.usedBytes()).isEqualTo(file.allocatedBytes());
    assertThat(budget.usedBytes()).isEqualTo(file.extent().metadataBytes);
  }

  @Test
  void memoryWithoutSlotsIsGivenBackAlsoWhenThreadsFreeNeighbours() throws Exception {
    int threads = 4;
    try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
      for (int round = 0; round < 300; round++) {
        List<Future<List<Long>>> results = new ArrayList<>();
        for (int t = 0; t < threads; t++) {
          int seed = round * threads + t;
          results.add(pool.submit(() -> churn(new Random(seed))));
        }
        List<Long> survivors = new ArrayList<>();
        for (Future<List<Long>> result : results) {
          survivors.addAll(result.get());
        }
        long chunks = survivors.stream().flatMap(SlabArenaTest::chunks).distinct().count();
        assertThat(budget.usedBytes() - file.extent().metadataBytes)
            .isEqualTo(chunks * SizeClasses.CHUNK_BYTES);
        survivors.forEach(location -> arena.free(location, CROSSING_BYTES));
      }
    }
  }

  /** Objects of this size lie across the ends of most chunks. */
  private static final int CROSSING_BYTES = 3000;

  private List<Long> churn(Random random) {
    List<Long> live = new ArrayList<>();
    for (int i = 0; i < 2000; i++) {
      if (live.size() < 6 && random.nextBoolean()) {
        live.add(arena.allocate(CROSSING_BYTES, false));
      } else if (!live.isEmpty()) {
        arena.free(live.remove(random.nextInt(live.size())), CROSSING_BYTES);
      }
    }
    return live;
  }

  private static Stream<Long> chunks(long location) {
    int slotBytes = SizeClasses.slotBytes(SizeClasses.classOf(CROSSING_BYTES));
    long first = location / SizeClasses.CHUNK_BYTES;
    return Stream.of(first, (location + slotBytes - 1) / SizeClasses.CHUNK_BYTES);
  }

  /** Allocates and frees at random; every word of a slot must stay what its owner wrote. */
  private Callable<Void> owner(int id) {
    return () -> {
      Random random = new Random(id);
      MemorySegment memory = file.memory();
      long arenaOffset = file.layout().arenaOffset;
      long[] locations = new long[300];
      int[] sizes = new int[locations.length];
      for (int i = 0; i < 300_000; i++) {
        int k = random.nextInt(locations.length);
        if (sizes[k] != 0) {
          check(memory, arenaOffset + locations[k], sizes[k], id * 1_000_003L + k);
          arena.free(locations[k], sizes[k]);
          sizes[k] = 0;
        } else {
          // Few classes, so that the threads meet in the same slabs.
          int bytes = 8 + 1016 * random.nextInt(5);
          locations[k] = arena.allocate(bytes, false);
          assertThat(locations[k]).isNotNegative();
          sizes[k] = bytes;
          mark(memory, arenaOffset + locations[k], bytes, id * 1_000_003L + k);
        }
      }
      for (int k = 0; k < sizes.length; k++) {
        if (sizes[k] != 0) {
          arena.free(locations[k], sizes[k]);
        }
      }
      return null;
    };
  }

  private static void mark(MemorySegment memory, long at, int bytes, long value) {
    for (int i = 0; i < bytes / 8; i++) {
      memory.set(JAVA_LONG, at + i * 8L, value + i);
    }
  }

  private static void check(MemorySegment memory, long at, int bytes, long value) {
    for (int i = 0; i < bytes / 8; i++) {
      if (memory.get(JAVA_LONG, at + i * 8L) != value + i) {
        throw new AssertionError("somebody else wrote into a slot of " + bytes + " bytes");
      }
    }
  }
}
