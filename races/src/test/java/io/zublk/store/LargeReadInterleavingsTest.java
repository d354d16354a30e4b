package io.zublk.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.codec.CodecSpec;
import io.zublk.codec.PageCodec;
import io.zublk.races.Interleavings;
import io.zublk.races.Scenario;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** The steps with which readers ask a sleeping worker for help, and take that back. */
class LargeReadInterleavingsTest {

  /** Two pieces, and one helper for both. */
  private static final int PAGES = 32;

  private static final long BYTES = (long) PAGES * PageCodec.PAGE_BYTES;

  private static final StoreTuning ONE_WORKER =
      new StoreTuning(1, 1, 1, 0, new BitSet(), StoreTuning.ANY_NODE);

  /** A store of absent pages. */
  private static PageStore emptyStore() {
    try {
      Path directory = Files.createTempDirectory(Path.of("/dev/shm"), "zublk-races");
      Path path = directory.resolve("store");
      StoreOptions options = new StoreOptions(1 << 20, CodecSpec.parse("none"), 0);
      PageStore store = PageStore.create(path, options, StoreTuning.INLINE);
      Files.delete(path);
      Files.delete(directory);
      return store;
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /** One worker, which goes to sleep, and two that want its help: nobody waits for ever. */
  static final class TwoReadersAndAWorker implements Scenario {
    private static final PageStore STORE = emptyStore();
    private static final MemorySegment ZEROS = Arena.global().allocate(BYTES);
    private static final MemorySegment FIRST = Arena.global().allocate(BYTES);
    private static final MemorySegment SECOND = Arena.global().allocate(BYTES);

    private final StoreWorkers workers;
    private final StoreWorker worker;
    private final AtomicInteger reading = new AtomicInteger(2);

    TwoReadersAndAWorker() throws IOException {
      workers = new StoreWorkers(STORE, new StagingArea(null, null, 0, 1), ONE_WORKER);
      FIRST.fill((byte) 1);
      SECOND.fill((byte) 1);
      LargeRead none = new LargeRead(workers);
      workers.setIdle(0);
      worker = workers.recruit(none);
      assertThat(worker.dismiss(none)).isTrue();
    }

    @Override
    @SuppressWarnings("DoNotCall") // its work is wanted, not its thread
    public List<Work> threads() {
      return List.of(() -> read(FIRST), () -> read(SECOND), worker::run);
    }

    private void read(MemorySegment target) throws IOException {
      PageAccess access = STORE.openAccess(null);
      try {
        int result = new LargeRead(workers).run(access, 0, PAGES, target, 0);
        assertThat(result).isZero();
      } finally {
        STORE.close(access);
        if (reading.decrementAndGet() == 0) {
          worker.shutDown();
        }
      }
    }

    @Override
    public void check() {
      assertThat(FIRST.mismatch(ZEROS)).isEqualTo(-1);
      assertThat(SECOND.mismatch(ZEROS)).isEqualTo(-1);
    }
  }

  @Test
  void nobodyWaitsForEver() throws Exception {
    assertThat(
            Interleavings.explore(
                TwoReadersAndAWorker.class, 2, StoreWorker.class, StoreWorkers.class))
        .isGreaterThan(500);
  }
}
