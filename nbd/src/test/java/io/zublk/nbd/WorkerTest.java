package io.zublk.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.block.RateLimitedLog;
import io.zublk.block.ThreadCounters;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class WorkerTest {

  private static final Session STRUCTURED = new Session(true, false);

  @TempDir private Path directory;

  private final RamDevice device = new RamDevice(1 << 20);
  private final Request request = new Request(0);

  /** A fault in our own code: no session, as no client can bring about. */
  @Test
  void aFaultEndsThePartAndTheClientAndTheWorkerGoesOn() throws IOException {
    WorkerPool pool = new WorkerPool(device, 1, new RateLimitedLog("io.zublk.nbd"));
    try (CapturedLog log = new CapturedLog();
        SocketPair first = new SocketPair(directory.resolve("first"));
        SocketPair second = new SocketPair(directory.resolve("second"))) {
      ReplyWriter unlucky = new ReplyWriter(first.here(), 1, new ThreadCounters<>(Counter.class));
      give(pool, unlucky, null);
      unlucky.awaitAllEnded();
      assertThat(unlucky.isBroken()).isTrue();
      assertThat(first.here().isOpen()).isFalse();

      ReplyWriter next = new ReplyWriter(second.here(), 1, new ThreadCounters<>(Counter.class));
      give(pool, next, STRUCTURED);
      next.awaitAllEnded();
      assertThat(next.isBroken()).isFalse();
      assertThat(log.lines(true)).singleElement().asString().contains("a fault in a worker");
    }
    pool.shutDown();
  }

  private void give(WorkerPool pool, ReplyWriter writer, Session session) {
    Worker worker = pool.claim();
    while (worker == null) {
      Thread.onSpinWait(); // it is idle a moment after its last part has ended
      worker = pool.claim();
    }
    request.length = 4096;
    writer.split(request, 1);
    worker.serve(writer, session, request, 0, 4096);
  }
}
