package io.zublk.vhost.io;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;
import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.block.Geometry;
import io.zublk.block.Threads;
import io.zublk.uring.sys.Memory;
import io.zublk.vhost.TestGuest;
import io.zublk.vhost.TestRing;
import io.zublk.vhost.VhostCounter;
import io.zublk.vhost.examples.RamDevice;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Chains of any shape, most of them wrong: each must do to the client's memory and to the disk what
 * {@link ExpectedChain} says, byte by byte, and nothing else. Longer: {@code
 * -Dtest.jvmArgs=-Dvhost.chains=10000000}, with {@code -Dvhost.seed=N} others.
 */
@Timeout(7200)
class GuestFuzzTest {

  private static final int CHAINS = Integer.getInteger("vhost.chains", 300_000);
  private static final long SEED = Long.getLong("vhost.seed", 1);

  static final int MEMORY_BYTES = 1 << 16;
  static final int DISK_BYTES = 1 << 16;
  static final int RING = 16;

  /** The ring lies below; what the device writes lies above, so that one chain is one chain. */
  private static final int FIRST_FREE = 4096;

  private static final int[] TYPES = {0, 1, 0, 1, 4, 8, 11, 13, 14, 99, 1 << 31, -1};

  /** Held, for a logger that nobody holds forgets its level. */
  private static final Logger LOGGER = Logger.getLogger("io.zublk.vhost");

  private final SplittableRandom random = new SplittableRandom(SEED);

  @BeforeAll
  static void brokenRingsAreNoNews() {
    LOGGER.setLevel(Level.OFF);
  }

  @AfterAll
  static void logAgain() {
    LOGGER.setLevel(null);
  }

  private static RamDevice device() throws IOException {
    return new RamDevice(new Geometry(DISK_BYTES, 512), Memory.mapAnonymous(DISK_BYTES));
  }

  @Test
  void anyChainDoesWhatItSaysAndNothingElse() throws IOException {
    RamDevice device = device();
    MemorySegment memory = Arena.ofAuto().allocate(MEMORY_BYTES, 64);
    MemorySegment disk = Arena.ofAuto().allocate(DISK_BYTES, 64);
    try (OneThread both = new OneThread(device, MEMORY_BYTES, RING, 512, false)) {
      TestRing ring = both.ring();
      ExpectedChain expected = new ExpectedChain(ring, memory, disk);
      for (int i = 0; i < CHAINS; i++) {
        int head = makeChain(ring, both.own());
        ring.submitHead(head);
        ring.publish();
        memory.copyFrom(both.own());
        boolean isSound = expected.perform(head);
        both.serveAll();
        assertThat(both.isBroken()).as("chain %d is broken", i).isEqualTo(!isSound);
        require(memory.mismatch(both.own()), "memory", i);
        require(disk.mismatch(device.memory()), "disk", i);
        if (!isSound) {
          both.restart();
          expected.restart();
        }
      }
      assertThat(both.count(VhostCounter.READS)).isGreaterThan(CHAINS / 100);
      assertThat(both.count(VhostCounter.EXCEPTIONS)).isZero();
      assertThat(both.count(VhostCounter.MEMORY_FAULTS)).isZero();
    }
  }

  private static void require(long mismatch, String where, int chain) {
    if (mismatch >= 0) {
      throw new AssertionError("chain " + chain + ": another byte of " + where + " at " + mismatch);
    }
  }

  /** Another thread writes nonsense into everything meanwhile: the server must live on. */
  @Test
  void whatChangesWhileItIsReadHarmsTheRingAlone() throws IOException {
    try (OneThread both = new OneThread(device(), MEMORY_BYTES, RING, 512, false)) {
      TestRing ring = both.ring();
      AtomicBoolean ends = new AtomicBoolean();
      Thread writer = Thread.ofPlatform().daemon().start(() -> scribble(both.own(), ends));
      for (int i = 0; i < CHAINS; i++) {
        ring.submitHead(makeChain(ring, both.own()));
        ring.publish();
        both.serveAll();
        if (both.isBroken()) {
          both.restart();
        }
      }
      ends.set(true);
      Threads.join(writer);
      assertThat(both.count(VhostCounter.EXCEPTIONS)).isZero();
      assertThat(both.count(VhostCounter.MEMORY_FAULTS)).isZero();
    }
  }

  private static void scribble(MemorySegment memory, AtomicBoolean ends) {
    SplittableRandom random = new SplittableRandom(SEED);
    while (!ends.get()) {
      // The indexes that say how much there is to do stay, or this would go on for ever.
      int at =
          random.nextBoolean()
              ? random.nextInt(16 * RING)
              : random.nextInt(FIRST_FREE, MEMORY_BYTES);
      memory.set(JAVA_BYTE, at, (byte) random.nextInt());
      Thread.onSpinWait();
    }
  }

  // ---- chains

  /** Fills the descriptors; returns the first of a chain. */
  private int makeChain(TestRing ring, MemorySegment memory) {
    long header = address(16);
    if (header - TestGuest.GUEST_BASE >= 0 && header - TestGuest.GUEST_BASE <= MEMORY_BYTES - 16) {
      long at = header - TestGuest.GUEST_BASE;
      memory.set(JAVA_INT_UNALIGNED, at, TYPES[random.nextInt(TYPES.length)]);
      memory.set(JAVA_LONG_UNALIGNED, at + 8, sector());
    }
    boolean indirect = random.nextInt(4) == 0;
    long table =
        indirect ? random.nextInt(FIRST_FREE, MEMORY_BYTES - 16 * RING) : ring.descriptorsAt();
    int count = 1 + random.nextInt(6);
    int index = 0;
    for (int i = 0; i < count; i++) {
      int follower = indirect || random.nextInt(3) > 0 ? index + 1 : random.nextInt(RING);
      boolean isLast = i == count - 1;
      boolean isWritable = isLast || (i > 0 && random.nextBoolean());
      int flags = (isLast ? 0 : TestRing.NEXT) | (isWritable ? TestRing.WRITE : 0);
      int length = i == 0 ? 16 : isLast ? 1 : 512 * random.nextInt(5);
      long address = i == 0 ? header : address(length);
      if (random.nextInt(30) == 0) {
        length = random.nextInt(3) == 0 ? random.nextInt() : random.nextInt(64);
      }
      if (random.nextInt(60) == 0) {
        flags = random.nextInt(8);
      }
      if (random.nextInt(60) == 0) {
        follower = random.nextInt(1 << 16);
      }
      if (endsInRing(address, length)) {
        address -= FIRST_FREE;
      }
      descriptor(memory, table + 16L * index, address, length, flags, follower);
      index = follower % RING;
    }
    int head = random.nextInt(200) == 0 ? random.nextInt(1 << 16) : 0;
    if (indirect) {
      int length = random.nextInt(20) == 0 ? random.nextInt(80) : 16 * RING;
      int flags = random.nextInt(50) == 0 ? 5 : TestRing.INDIRECT;
      descriptor(memory, ring.descriptorsAt(), TestGuest.GUEST_BASE + table, length, flags, 0);
    } else if (random.nextInt(4) == 0) {
      fillRanges(memory);
    }
    return head;
  }

  /** A status there may make more chains available, which nobody expects. */
  private static boolean endsInRing(long address, int length) {
    long end = address + Integer.toUnsignedLong(length) - TestGuest.GUEST_BASE;
    return end > 0 && end <= FIRST_FREE;
  }

  /** Makes what is anywhere a sound range to discard, now and then. */
  private void fillRanges(MemorySegment memory) {
    for (int at = FIRST_FREE; at < MEMORY_BYTES; at += 512) {
      memory.set(JAVA_LONG_UNALIGNED, at, random.nextInt(140));
      memory.set(JAVA_INT, at + 8L, random.nextInt(40));
      memory.set(JAVA_INT, at + 12L, random.nextInt(8) == 0 ? 2 : random.nextInt(2));
    }
  }

  private static void descriptor(
      MemorySegment memory, long at, long address, int length, int flags, int follower) {
    memory.set(JAVA_LONG_UNALIGNED, at, address);
    memory.set(JAVA_INT_UNALIGNED, at + 8, length);
    memory.set(JAVA_SHORT_UNALIGNED, at + 12, (short) flags);
    memory.set(JAVA_SHORT_UNALIGNED, at + 14, (short) follower);
  }

  private long address(int length) {
    return switch (random.nextInt(40)) {
      case 0 -> TestGuest.GUEST_BASE + MEMORY_BYTES - random.nextInt(length + 2);
      case 1 -> TestGuest.GUEST_BASE - 1 - random.nextInt(length + 2);
      case 2 -> random.nextLong() | 1L << 62;
      default -> {
        int at = random.nextInt(FIRST_FREE, MEMORY_BYTES - length);
        yield TestGuest.GUEST_BASE + (random.nextBoolean() ? at & -512 : at);
      }
    };
  }

  private long sector() {
    return switch (random.nextInt(20)) {
      case 0 -> random.nextLong();
      case 1 -> DISK_BYTES / 512 - random.nextInt(4);
      default -> random.nextInt(DISK_BYTES / 512);
    };
  }
}
