package io.zublk.ublk.io;

import io.zublk.ublk.abi.UblkAbi;
import io.zublk.uring.CompletionQueue;
import io.zublk.uring.RingOptions;
import io.zublk.uring.Sqe;
import io.zublk.uring.sys.LinuxException;

/**
 * A command for each tag: FETCH_REQ lends it, and COMMIT_AND_FETCH_REQ returns a result and lends
 * it again. The driver binds a tag to the thread that fetched it.
 */
final class TagCommands implements QueueCommands {

  private final int queue;
  private final TagRange tags;
  private final QueueMemory memory;
  private final TagServer server;
  private final QueueRing ring;
  private final CompletionQueue completions;
  private int lent;

  TagCommands(int queue, TagRange tags, QueueMemory memory, TagServer server, QueueRing ring) {
    this.queue = queue;
    this.tags = tags;
    this.memory = memory;
    this.server = server;
    this.ring = ring;
    this.completions = ring.completions();
  }

  /** The ring that the commands for these tags need: an entry for each, and one for the bell. */
  static RingOptions ringFor(TagRange tags) {
    return RingOptions.forThisThread(tags.count() + 1);
  }

  @Override
  public int lendAllButOne() throws LinuxException {
    for (int tag = tags.first(); tag + tags.step() < tags.depth(); tag += tags.step()) {
      lend(tag);
    }
    return 0;
  }

  @Override
  public int lendLast() throws LinuxException {
    lend(tags.first() + (tags.count() - 1) * tags.step());
    return 0;
  }

  private void lend(int tag) throws LinuxException {
    send(UblkAbi.FETCH_REQ, tag, 0);
    lent++;
  }

  @Override
  public void begin() {
    // A tag that is lent brings requests.
  }

  @Override
  public int commit() {
    return 0;
  }

  @Override
  public void take(int index) throws LinuxException {
    int result = completions.result(index);
    if (result == UblkAbi.RESULT_ABORTED) {
      lent--;
      assert lent >= 0 : "more tags taken back than lent";
      return;
    }
    int tag = (int) completions.userData(index);
    if (result != 0) {
      throw QueueCommands.broken("tag " + tag, result);
    }
    if (!tags.has(tag)) {
      throw QueueCommands.broken("a tag of nobody", tag);
    }
    answer(tag, server.serve(tag));
  }

  @Override
  public void answer(int tag, int result) throws LinuxException {
    if (result != TagServer.LATE) {
      send(UblkAbi.COMMIT_AND_FETCH_REQ, tag, result);
    }
  }

  @Override
  public boolean ended() {
    return lent == 0;
  }

  private void send(int command, int tag, int result) throws LinuxException {
    Sqe.command(
        ring.entries(),
        ring.next(),
        Sqe.FIXED_FILE,
        QueueThread.CHAR_DEVICE,
        command,
        UblkAbi.ioCommand(queue, tag, result),
        memory.address(tag),
        tag);
  }

  @Override
  public void close() {
    // All memory is the queue's.
  }
}
