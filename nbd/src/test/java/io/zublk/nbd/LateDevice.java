package io.zublk.nbd;

import io.zublk.block.BlockChannel;
import io.zublk.block.BlockDevice;
import io.zublk.block.Geometry;
import io.zublk.block.LateAnswers;
import io.zublk.block.Threads;
import io.zublk.nbd.RamDevice.Operation;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;

/** A device in front of another one that answers some operations later, from threads of its own. */
final class LateDevice implements BlockDevice, AutoCloseable {

  /** When an operation is answered. */
  enum Time {
    /** At its return. */
    NOW,
    /** Before its return, and late all the same. */
    TOO_SOON,
    /** Some time, by some thread. */
    SOON,
    /** When the test says so. */
    HELD,
    /** By an exception, after it was postponed. */
    THROWN,
    /** At its return, after it was postponed. */
    RETURNED,
    /** Never: it returns LATE, and was not postponed. */
    NEVER
  }

  /** Decides on an operation, on the thread that performs it. It may also throw. */
  interface Choice {
    Time of(Operation operation, long position, long length);
  }

  /** An operation that waits for the test. */
  static final class Held {
    private final LateAnswers answers;
    private final long ticket;
    private final IntSupplier work;

    private Held(LateAnswers answers, long ticket, IntSupplier work) {
      this.answers = answers;
      this.ticket = ticket;
      this.work = work;
    }

    /** Does it, and answers. */
    void perform() {
      answers.answer(ticket, work.getAsInt());
    }

    /** Answers, and does nothing. */
    void answer(int result) {
      answers.answer(ticket, result);
    }
  }

  private final BlockDevice device;
  private final ExecutorService threads = Executors.newFixedThreadPool(3);
  private final LinkedBlockingQueue<Held> held = new LinkedBlockingQueue<>();
  private final AtomicInteger late = new AtomicInteger();
  private volatile Choice choice = (_, _, _) -> Time.NOW;

  LateDevice(BlockDevice device) {
    this.device = device;
  }

  void setChoice(Choice newChoice) {
    choice = newChoice;
  }

  /** How many operations were postponed. */
  int late() {
    return late.get();
  }

  /** The operation that has waited longest for the test. */
  Held next() throws InterruptedException {
    return held.poll(60, TimeUnit.SECONDS);
  }

  /** How many operations wait for the test. */
  int waiting() {
    return held.size();
  }

  @Override
  public Geometry geometry() {
    return device.geometry();
  }

  @Override
  public BlockChannel openChannel() {
    return device.openChannel();
  }

  @Override
  public BlockChannel openChannel(LateAnswers answers) {
    return new Channel(answers);
  }

  @Override
  public void close() {
    threads.close();
  }

  private final class Channel implements BlockChannel {

    private final BlockChannel channel = device.openChannel();
    private final LateAnswers answers;

    Channel(LateAnswers answers) {
      this.answers = answers;
    }

    private int perform(Operation operation, long position, long length, IntSupplier work) {
      Time time = choice.of(operation, position, length);
      if (time == Time.NOW || time == Time.NEVER) {
        return time == Time.NOW ? work.getAsInt() : LATE;
      }
      late.incrementAndGet();
      Held operationHeld = new Held(answers, answers.postpone(), work);
      switch (time) {
        case TOO_SOON -> {
          Threads.join(Thread.ofPlatform().start(operationHeld::perform));
        }
        case SOON -> threads.execute(operationHeld::perform);
        default -> held.add(operationHeld);
      }
      if (time == Time.THROWN) {
        throw new IllegalStateException("on purpose");
      }
      if (time == Time.RETURNED) {
        return work.getAsInt();
      }
      return LATE;
    }

    @Override
    public int read(long position, MemorySegment buffer, long offset, int length) {
      return perform(
          Operation.READ, position, length, () -> channel.read(position, buffer, offset, length));
    }

    @Override
    public int write(long position, MemorySegment buffer, long offset, int length) {
      return perform(
          Operation.WRITE, position, length, () -> channel.write(position, buffer, offset, length));
    }

    @Override
    public int discard(long position, long length) {
      return perform(Operation.DISCARD, position, length, () -> channel.discard(position, length));
    }

    @Override
    public int writeZeroes(long position, long length, boolean mayUnmap) {
      return perform(
          Operation.WRITE_ZEROES,
          position,
          length,
          () -> channel.writeZeroes(position, length, mayUnmap));
    }

    @Override
    public int flush() {
      return perform(Operation.FLUSH, 0, 0, channel::flush);
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
