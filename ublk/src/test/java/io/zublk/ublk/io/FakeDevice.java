package io.zublk.ublk.io;

import io.zublk.block.BlockChannel;
import io.zublk.block.BlockDevice;
import io.zublk.block.Geometry;
import io.zublk.block.LateAnswers;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;

/** A device that remembers what it was asked, and answers what it is told to. */
public final class FakeDevice implements BlockDevice {

  final List<String> asked = new CopyOnWriteArrayList<>();
  private final Map<Thread, LateAnswers> answers = new ConcurrentHashMap<>();
  public final AtomicInteger open = new AtomicInteger();
  public volatile IntSupplier answer = () -> 0;

  /** Run by each thread that closes its channel, when it has done with everything else. */
  volatile Runnable closing = () -> {};

  @Override
  public Geometry geometry() {
    return new Geometry(1 << 20, 4096);
  }

  @Override
  public BlockChannel openChannel() {
    open.incrementAndGet();
    return new FakeChannel();
  }

  @Override
  public BlockChannel openChannel(LateAnswers late) {
    answers.put(Thread.currentThread(), late);
    return openChannel();
  }

  /** Where requests of this thread can be answered later. */
  LateAnswers answers() {
    return answers.get(Thread.currentThread());
  }

  private final class FakeChannel implements BlockChannel {

    private int answer(String request) {
      if (asked.size() < 100) {
        asked.add(request);
      }
      return answer.getAsInt();
    }

    @Override
    public int read(long position, MemorySegment buffer, long offset, int length) {
      return answer("read %d+%d at %d".formatted(position, length, offset));
    }

    @Override
    public int write(long position, MemorySegment buffer, long offset, int length) {
      return answer("write %d+%d at %d".formatted(position, length, offset));
    }

    @Override
    public int discard(long position, long length) {
      return answer("discard %d+%d".formatted(position, length));
    }

    @Override
    public int writeZeroes(long position, long length, boolean mayUnmap) {
      return answer("zeroes %d+%d %s".formatted(position, length, mayUnmap));
    }

    @Override
    public int flush() {
      return answer("flush");
    }

    @Override
    public long status(long position, long length) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void close() {
      closing.run();
      open.decrementAndGet();
    }
  }
}
