package io.zublk.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.block.RateLimitedLog;
import io.zublk.block.ThreadCounters;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class WorkerTest {

  private static final Session STRUCTURED = new Session(true, false);

  private final RamDevice device = new RamDevice(1 << 20);

  /** A fault in our own code: no session, as no client can bring about. */
  @Test
  void aFaultEndsThePartAndTheClientAndTheWorkerGoesOn() throws IOException {
    WorkerPool pool = new WorkerPool(device, 1, new RateLimitedLog("io.zublk.nbd"));
    try (CapturedLog log = new CapturedLog();
        StopSign sign = new StopSign();
        SocketPair first = SocketPair.open();
        SocketPair second = SocketPair.open()) {
      Client unlucky = client(first, sign, null);
      give(pool, unlucky);
      unlucky.parts().awaitAllEnded();
      assertThat(unlucky.writer().isBroken()).isTrue();
      assertThat(first.isHungUp()).isTrue();

      Client next = client(second, sign, STRUCTURED);
      give(pool, next);
      next.parts().awaitAllEnded();
      assertThat(next.writer().isBroken()).isFalse();
      assertThat(log.lines(true)).singleElement().asString().contains("a fault in a worker");
    }
    pool.shutDown();
  }

  private static Client client(SocketPair sockets, StopSign sign, Session session)
      throws IOException {
    ClientSocket socket = new StoppableSocket(sockets.here(), sign);
    ReplyWriter writer = new ReplyWriter(socket, new ThreadCounters<>(Counter.class));
    return new Client(session, writer, new SplitRequests(writer, 1), new ConnectionMemory());
  }

  private static void give(WorkerPool pool, Client client) {
    Request request = client.parts().unused();
    request.length = 4096;
    // It is idle a moment after its last part has ended.
    Eventually.until(() -> pool.handOver(client, request));
  }
}
