package io.zublk.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.block.BlockChannel;
import io.zublk.block.BlockDevice;
import io.zublk.block.Geometry;
import io.zublk.block.RateLimitedLog;
import io.zublk.block.ThreadCounters;
import io.zublk.races.Interleavings;
import io.zublk.races.Scenario;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Room for a reply, in memory of which others use a part. */
class ReplyRoomInterleavingsTest {

  /** A long simple reply needs a whole buffer while a worker or the device ends its use of it. */
  static final class LastUseEnds implements Scenario {
    private final ConnectionMemory memory = new ConnectionMemory();
    private final TransferBuffer shared = memory.take();
    private final ReplyBuffer replies = new ReplyBuffer(shared);
    private final LateOperations late =
        new LateOperations(
            memory,
            _ -> {
              throw new AssertionError("nothing is late");
            });
    private final RequestServer server =
        new RequestServer(
            new NoDevice(),
            replies,
            new ThreadCounters<>(Counter.class),
            new RateLimitedLog("io.zublk.nbd"),
            late);
    private final Client client =
        new Client(null, new ReplyWriter(null, server.counters()), null, memory);

    LastUseEnds() {
      shared.addUser();
      replies.skipTo(4096);
    }

    @Override
    public List<Work> threads() {
      return List.of(() -> server.reserveAll(client), () -> memory.release(shared));
    }

    @Override
    public void check() {
      assertThat(replies.waiting()).isZero();
      assertThat(replies.free()).isEqualTo(TransferBuffer.CAPACITY_BYTES);
      assertThat(replies.memory().isShared()).isFalse();
    }
  }

  private static final class NoDevice implements BlockDevice {
    @Override
    public Geometry geometry() {
      throw new AssertionError("asked by nobody");
    }

    @Override
    public BlockChannel openChannel() {
      return null;
    }
  }

  @Test
  void theWholeBufferIsFreeWheneverTheOtherUseEnds() throws Exception {
    assertThat(Interleavings.explore(LastUseEnds.class, Interleavings.ANY, TransferBuffer.class))
        .isGreaterThan(2);
  }
}
