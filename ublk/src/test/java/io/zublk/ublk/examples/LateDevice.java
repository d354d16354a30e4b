package io.zublk.ublk.examples;

import io.zublk.block.BlockChannel;
import io.zublk.block.BlockDevice;
import io.zublk.block.Geometry;
import io.zublk.block.LateAnswers;
import io.zublk.uring.sys.Memory;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntSupplier;

/**
 * A disk in memory that answers three of four requests late: some before the operation has said so,
 * the others up to a millisecond after it, in any order. Run it as {@link RamDevice}.
 */
public record LateDevice(BlockDevice memory, ExecutorService others) implements BlockDevice {

  private static final int OTHERS = 8;
  private static final long LONGEST_NANOS = 1_000_000;

  /** Serves a late disk until the process is told to end. */
  public static void main(String[] arguments) throws InterruptedException {
    ExecutorService others =
        Executors.newFixedThreadPool(OTHERS, Thread.ofPlatform().daemon().factory());
    Example.serve(
        shape ->
            new LateDevice(new RamDevice(shape, Memory.mapAnonymous(shape.sizeBytes())), others),
        arguments);
  }

  @Override
  public Geometry geometry() {
    return memory.geometry();
  }

  @Override
  public BlockChannel openChannel() {
    return memory.openChannel();
  }

  @Override
  public BlockChannel openChannel(LateAnswers answers) {
    return new LateChannel(answers);
  }

  private final class LateChannel implements BlockChannel {

    private final LateAnswers answers;

    /** Has no state, so that any thread may use it. */
    private final BlockChannel channel = memory.openChannel();

    private int requests;

    LateChannel(LateAnswers answers) {
      this.answers = answers;
    }

    private int late(IntSupplier operation) {
      int way = requests++ % 4;
      if (way == 0) {
        return operation.getAsInt();
      }
      long ticket = answers.postpone();
      if (way == 1) {
        answers.answer(ticket, operation.getAsInt());
      } else {
        others.execute(() -> {
          LockSupport.parkNanos(ThreadLocalRandom.current().nextLong(LONGEST_NANOS));
          answers.answer(ticket, operation.getAsInt());
        });
      }
      return LATE;
    }

    @Override
    public int read(long position, MemorySegment buffer, long offset, int length) {
      return late(() -> channel.read(position, buffer, offset, length));
    }

    @Override
    public int write(long position, MemorySegment buffer, long offset, int length) {
      return late(() -> channel.write(position, buffer, offset, length));
    }

    @Override
    public int discard(long position, long length) {
      return late(() -> channel.discard(position, length));
    }

    @Override
    public int writeZeroes(long position, long length, boolean mayUnmap) {
      return late(() -> channel.writeZeroes(position, length, mayUnmap));
    }

    @Override
    public int flush() {
      return late(channel::flush);
    }

    @Override
    public long status(long position, long length) {
      return channel.status(position, length);
    }

    @Override
    public void close() {
      channel.close();
    }
  }
}
