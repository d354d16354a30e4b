package io.zublk.ublk.io;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.zublk.ublk.UblkFeature;
import io.zublk.ublk.abi.UblkAbi;
import io.zublk.uring.BufferRing;
import io.zublk.uring.CompletionQueue;
import io.zublk.uring.RingOptions;
import io.zublk.uring.Sqe;
import io.zublk.uring.sys.Errnos;
import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.Memory;
import java.lang.foreign.MemorySegment;

/**
 * A command for each batch ({@link UblkFeature#BATCH_IO}, 7.0): PREP_IO_CMDS lends tags,
 * FETCH_IO_CMDS stays with the driver and completes with a buffer full of tags again and again, and
 * COMMIT_IO_CMDS returns the results of many. Any thread of a queue may be given any of its tags.
 */
final class BatchCommands implements QueueCommands {

  /** User data of the fetching command; that of the others is the bytes of their elements. */
  private static final long FETCHING = 0;

  private static final int BUFFER_GROUP = 0;

  // The driver fills no more than 128 tags into a buffer (MAX_NR_TAG in ublk_drv.c), so these take
  // 4096 tags, the greatest depth; it needs a second one only beyond 128 requests a batch.
  private static final int TAG_BUFFERS = 32;
  private static final int TAG_BUFFER_BYTES = 128 * Short.BYTES;

  private final int queue;
  private final TagRange tags;
  private final QueueMemory memory;
  private final TagServer server;
  private final QueueRing ring;
  private final CompletionQueue completions;
  private final BufferRing tagBuffers;
  private final MemorySegment elements;
  private int results;
  private boolean ended;

  BatchCommands(int queue, TagRange tags, QueueMemory memory, TagServer server, QueueRing ring)
      throws LinuxException {
    this.queue = queue;
    this.tags = tags;
    this.memory = memory;
    this.server = server;
    this.ring = ring;
    this.completions = ring.completions();
    this.elements = Memory.mapAnonymous((long) tags.depth() * UblkAbi.ELEMENT_BYTES);
    try {
      this.tagBuffers = ring.openBuffers(BUFFER_GROUP, TAG_BUFFERS, TAG_BUFFER_BYTES);
    } catch (LinuxException e) {
      Memory.unmap(elements);
      throw e;
    }
  }

  /** The ring that these commands need: one fetches and one commits, each buffer may complete. */
  static RingOptions ring() {
    return new RingOptions(4, 2 * TAG_BUFFERS, false, true);
  }

  @Override
  public int lendAllButOne() {
    return 0; // drivers that take all at once need no such care
  }

  @Override
  public int lendLast() throws LinuxException {
    for (int tag = tags.first(); tag < tags.depth(); tag += tags.step()) {
      add(tag, 0);
    }
    send(UblkAbi.PREP_IO_CMDS);
    return 1;
  }

  @Override
  public void begin() throws LinuxException {
    Sqe.commandMultishot(
        ring.entries(),
        ring.next(),
        Sqe.FIXED_FILE,
        QueueThread.CHAR_DEVICE,
        UblkAbi.FETCH_IO_CMDS,
        BUFFER_GROUP,
        UblkAbi.batchCommand(queue, 0, 0, Short.BYTES),
        FETCHING);
  }

  @Override
  public int commit() throws LinuxException {
    if (results == 0) {
      return 0;
    }
    send(UblkAbi.COMMIT_IO_CMDS);
    return 1;
  }

  // The driver has read the elements when it is back from being entered, whatever it answers.
  private void send(int command) throws LinuxException {
    int bytes = results * UblkAbi.ELEMENT_BYTES;
    Sqe.command(
        ring.entries(),
        ring.next(),
        Sqe.FIXED_FILE,
        QueueThread.CHAR_DEVICE,
        command,
        elements.address(),
        bytes,
        UblkAbi.batchCommand(queue, UblkAbi.BATCH_HAS_ADDRESS, results, UblkAbi.ELEMENT_BYTES),
        bytes);
    results = 0;
  }

  @Override
  public void answer(int tag, int result) {
    if (result != TagServer.LATE) {
      add(tag, result);
    }
  }

  private void add(int tag, int result) {
    assert results < tags.depth() : "more results than tags";
    long at = (long) results++ * UblkAbi.ELEMENT_BYTES;
    elements.set(JAVA_LONG, at, UblkAbi.element(tag, result));
    elements.set(JAVA_LONG, at + Long.BYTES, memory.address(tag));
  }

  @Override
  public void take(int index) throws LinuxException {
    int result = completions.result(index);
    long userData = completions.userData(index);
    if (userData != FETCHING) {
      requireAll(result, userData);
      return;
    }
    int buffer = completions.buffer(index);
    if (result > 0) {
      serve(buffer, result);
    }
    if (buffer != CompletionQueue.NO_BUFFER) {
      tagBuffers.recycle(buffer);
    }
    if (result == UblkAbi.RESULT_ABORTED) {
      ended = true;
    } else if (result < 0 && result != -Errnos.ENOBUFS) {
      throw QueueCommands.broken("FETCH_IO_CMDS", result);
    } else if (!completions.more(index)) {
      begin();
    }
  }

  private void serve(int buffer, int bytes) throws LinuxException {
    boolean whole = bytes <= TAG_BUFFER_BYTES && bytes % Short.BYTES == 0;
    if (!whole || buffer < 0 || buffer >= TAG_BUFFERS) {
      throw QueueCommands.broken("FETCH_IO_CMDS into buffer " + buffer, bytes);
    }
    long at = tagBuffers.offset(buffer);
    for (int i = 0; i < bytes / Short.BYTES; i++) {
      int tag = Short.toUnsignedInt(tagBuffers.memory().get(JAVA_SHORT, at));
      if (tag >= tags.depth()) {
        throw QueueCommands.broken("a tag of nobody", tag);
      }
      answer(tag, server.serve(tag));
      at += Short.BYTES;
    }
  }

  // COMMIT_IO_CMDS answers how many bytes it took; whose result it left waits for ever.
  private static void requireAll(int result, long bytes) throws LinuxException {
    if (result != bytes) {
      throw QueueCommands.broken("COMMIT_IO_CMDS of %d bytes".formatted(bytes), result);
    }
  }

  @Override
  public boolean ended() {
    return ended;
  }

  @Override
  public void close() {
    tagBuffers.close();
    Memory.unmap(elements);
  }
}
