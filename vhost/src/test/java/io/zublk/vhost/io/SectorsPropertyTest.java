package io.zublk.vhost.io;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.block.Geometry;
import io.zublk.uring.sys.Memory;
import io.zublk.vhost.TestRing;
import io.zublk.vhost.examples.RamDevice;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;

/**
 * A client that has not agreed on BLK_SIZE knows nothing but sectors, though the device's blocks
 * are larger: each of its requests is done to the byte, or is an error and changes nothing.
 */
class SectorsPropertyTest {

  private static final int SECTOR = 512;
  private static final int PAGE = Geometry.PAGE_BYTES;

  /** More than is served at once. */
  private static final int MOST_BYTES = RequestServer.BUFFER_BYTES + 40 * SECTOR;

  private static final int DISK_SECTORS = 2 * RequestServer.BUFFER_BYTES / SECTOR;
  private static final int RING = 8;
  private static final int STEPS = 300;

  /** Between the pieces of a request's data. */
  private static final int GAP = 333;

  private static final int MOST_PIECES = 4;

  private static final byte OK = 0;
  private static final byte IOERR = 1;
  private static final byte UNSUPP = 2;

  @Property(tries = 100, shrinking = ShrinkingMode.OFF)
  void whatIsInSectorsIsRightOrAnError(@ForAll long seed) throws IOException {
    MemorySegment disk = Memory.mapAnonymous((long) DISK_SECTORS * SECTOR);
    RamDevice device = new RamDevice(new Geometry(disk.byteSize(), PAGE), disk);
    int room = MOST_BYTES + MOST_PIECES * GAP;
    try (OneThread both = new OneThread(device, 4 << 20, RING, room, false)) {
      Client client = new Client(both, seed);
      for (int step = 0; step < STEPS; step++) {
        client.step();
      }
      assertThat(disk.toArray(JAVA_BYTE)).isEqualTo(client.model);
    } finally {
      Memory.unmap(disk);
    }
  }

  /** Sends one request after the other, and knows what each must come to. */
  private static final class Client {

    private final byte[] model = new byte[DISK_SECTORS * SECTOR];
    private final OneThread both;
    private final TestRing ring;
    private final MemorySegment memory;
    private final Random random;

    Client(OneThread both, long seed) {
      this.both = both;
      this.ring = both.ring();
      this.memory = both.own();
      this.random = new Random(seed);
    }

    void step() {
      switch (random.nextInt(8)) {
        case 0 -> clear(TestRing.DISCARD);
        case 1 -> clear(TestRing.WRITE_ZEROES);
        case 2, 3, 4 -> write();
        default -> read();
      }
    }

    private void write() {
      byte[] data = new byte[length()];
      random.nextBytes(data);
      long sector = sector();
      long[] pieces = lay(TestRing.OUT, sector, data.length);
      copy(data, pieces, true);
      boolean isRight = isRange(sector, data.length);
      assertAnswer(isRight ? OK : IOERR, 1);
      if (isRight) {
        System.arraycopy(data, 0, model, (int) sector * SECTOR, data.length);
      }
    }

    private void read() {
      byte[] data = new byte[length()];
      long sector = sector();
      long[] pieces = lay(TestRing.IN, sector, data.length);
      boolean isRight = isRange(sector, data.length);
      assertAnswer(isRight ? OK : IOERR, isRight ? data.length + 1 : 1);
      if (isRight) {
        copy(data, pieces, false);
        int at = (int) sector * SECTOR;
        assertThat(data).isEqualTo(Arrays.copyOfRange(model, at, at + data.length));
      }
    }

    /** Ranges are cleared in their order, until one is wrong. */
    private void clear(int type) {
      int ranges = 1 + random.nextInt(3);
      byte expected = OK;
      ring.request(0, type, 0, 16 * ranges);
      for (int i = 0; i < ranges; i++) {
        long at = ring.dataAt(0) + 16L * i;
        long sector = sector();
        int sectors = random.nextInt(40);
        int flags = random.nextInt(3) == 0 ? 1 + random.nextInt(2) : 0;
        memory.set(JAVA_LONG, at, sector);
        memory.set(JAVA_INT, at + 8, sectors);
        memory.set(JAVA_INT, at + 12, flags);
        if (expected == OK) {
          expected = clearRange(type, sector, sectors, flags);
        }
      }
      assertAnswer(expected, 1);
    }

    private byte clearRange(int type, long sector, int sectors, int flags) {
      boolean isDiscard = type == TestRing.DISCARD;
      if (flags > 1 || (isDiscard && flags != 0)) {
        return UNSUPP;
      }
      if (!isRange(sector, sectors * SECTOR)) {
        return IOERR;
      }
      int from = (int) sector * SECTOR;
      int to = from + sectors * SECTOR;
      if (isDiscard) { // of pages alone, and a part of one keeps what it has
        from = (from + PAGE - 1) / PAGE * PAGE;
        to = to / PAGE * PAGE;
      }
      if (from < to) {
        Arrays.fill(model, from, to, (byte) 0);
      }
      return OK;
    }

    private static boolean isRange(long sector, int length) {
      return length % SECTOR == 0
          && sector >= 0
          && sector <= DISK_SECTORS
          && sector * SECTOR + length <= (long) DISK_SECTORS * SECTOR;
    }

    /** Seldom one that is not there. */
    private long sector() {
      return switch (random.nextInt(20)) {
        case 0 -> DISK_SECTORS - random.nextInt(20);
        case 1 -> random.nextLong();
        default -> random.nextInt(DISK_SECTORS);
      };
    }

    /** Seldom one that is no number of sectors. */
    private int length() {
      return switch (random.nextInt(20)) {
        case 0 -> random.nextInt(MOST_BYTES);
        case 1 -> MOST_BYTES;
        default -> random.nextInt(40) * SECTOR;
      };
    }

    /**
     * Lays a request out whose data are in some pieces.
     *
     * @return where each piece is, and how many bytes, in turns
     */
    private long[] lay(int type, long sector, int bytes) {
      ring.request(0, type, sector, bytes);
      if (bytes == 0) {
        return new long[] {};
      }
      int count = 1 + random.nextInt(MOST_PIECES);
      long[] pieces = new long[2 * count];
      long status = ring.dataAt(0) - PAGE + 16;
      long at = ring.dataAt(0);
      int left = bytes;
      for (int i = 0; i < count; i++) {
        int length = i == count - 1 ? left : random.nextInt(left + 1);
        pieces[2 * i] = at;
        pieces[2 * i + 1] = length;
        int flags = TestRing.NEXT | (type == TestRing.IN ? TestRing.WRITE : 0);
        ring.descriptor(ring.descriptorsAt() + 16L * (i + 1), at, length, flags, i + 2);
        at += length + GAP;
        left -= length;
      }
      ring.descriptor(ring.descriptorsAt() + 16L * (count + 1), status, 1, TestRing.WRITE, 0);
      return pieces;
    }

    private void copy(byte[] data, long[] pieces, boolean isForDevice) {
      int at = 0;
      for (int i = 0; i < pieces.length; i += 2) {
        MemorySegment piece = memory.asSlice(pieces[i], pieces[i + 1]);
        MemorySegment part = MemorySegment.ofArray(data).asSlice(at, piece.byteSize());
        if (isForDevice) {
          piece.copyFrom(part);
        } else {
          part.copyFrom(piece);
        }
        at += (int) piece.byteSize();
      }
    }

    private void assertAnswer(byte status, int bytes) {
      ring.submit(0);
      both.serveAll();
      assertThat(both.isBroken()).isFalse();
      assertThat(ring.takeUsed()).isZero();
      assertThat(ring.status(0)).isEqualTo(status);
      assertThat(ring.lastUsedBytes()).isEqualTo(bytes);
    }
  }
}
