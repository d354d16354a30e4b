package io.zublk.store.save;

import io.zublk.codec.PackingSpec;
import io.zublk.store.page.Moment;
import io.zublk.store.page.MomentReader;
import io.zublk.store.page.PageAccess;
import io.zublk.store.table.Naps;
import java.io.IOException;
import java.nio.channels.WritableByteChannel;
import java.security.SecureRandom;
import java.util.function.BooleanSupplier;

/** Writes a moment into a file, in steps, between which the store may end. One thread's. */
public final class Saver implements AutoCloseable {

  /** Of a millisecond for a copy that another thread has begun: it takes that some nanoseconds. */
  private static final int MAX_NAPS = 10_000;

  private final Moment moment;
  private final MomentReader reader;
  private final SaveWriter writer;

  /** Writes the file's header. */
  public Saver(Moment moment, PageAccess access, PackingSpec packing, WritableByteChannel out)
      throws IOException {
    this.moment = moment;
    this.reader = access.readerOf(moment);
    long id = new SecureRandom().nextLong();
    var header = new SaveHeader(id, moment.pages(), System.currentTimeMillis(), packing).bytes();
    while (header.hasRemaining()) {
      int _ = out.write(header);
    }
    this.writer = new SaveWriter(out, id);
  }

  /**
   * Writes all of the rest.
   *
   * @param enter called before each look at the store; false if it has ended
   * @param leave called after that, if it has not
   */
  public void run(BooleanSupplier enter, Runnable leave) throws IOException {
    for (long group = 0; group < moment.groups(); group++) {
      long next = group;
      step(enter, leave, () -> reader.readGroup(next, writer));
      while (reader.hasKept()) { // first, for writes may be waiting for their places
        step(enter, leave, () -> reader.readKept(writer));
      }
    }
    long begun = reader.begun(); // whoever begins one now finds its page taken
    for (int naps = 0; reader.taken() < begun; ) {
      if (reader.hasKept()) {
        step(enter, leave, () -> reader.readKept(writer));
      } else if (naps++ < MAX_NAPS) {
        Naps.millisecond();
      } else {
        throw new IOException("a write of the device hangs");
      }
    }
    requireWhole();
    writer.finish();
  }

  private void step(BooleanSupplier enter, Runnable leave, Runnable look) throws IOException {
    if (!enter.getAsBoolean()) {
      throw new IOException("the device ends");
    }
    try {
      look.run();
    } finally {
      leave.run();
    }
    requireWhole();
    writer.flush();
  }

  private void requireWhole() throws IOException {
    if (moment.isBroken()) {
      throw new IOException(
          "the device is written faster than the file, and its writes do not wait: save it when"
              + " it is used less, or into faster storage first");
    }
  }

  /** Pages that were written, those of one repeated word included. */
  public long pages() {
    return writer.pages();
  }

  /** Pages that are damaged, and will be in what is made of the file. */
  public long lostPages() {
    return writer.lostPages();
  }

  @Override
  public void close() {
    writer.close();
  }
}
