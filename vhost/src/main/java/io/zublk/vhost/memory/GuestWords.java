package io.zublk.vhost.memory;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * Single words of memory that a client can change, and take away. After a fault the JVM decodes the
 * instruction that made it, to go on behind it, and dies of one that it does not know, such as the
 * 16-bit exchange by which its interpreter stores a volatile short. It knows plain loads and
 * stores: here all loads have acquire semantics, which also keeps compilers from making them an
 * operand of something else, and stores are plain, with a fence before.
 *
 * <p>So a load is done once, where it stands, and a word stored here is seen after what was stored
 * earlier. {@link GuestFault#raise} must follow before what was loaded is used. Words are aligned.
 */
public final class GuestWords {

  private static final VarHandle BYTE = JAVA_BYTE.varHandle();
  private static final VarHandle SHORT = JAVA_SHORT.varHandle();
  private static final VarHandle LONG = JAVA_LONG.varHandle();

  private GuestWords() {}

  /** Loads a byte. */
  public static byte u8(MemorySegment memory, long at) {
    return (byte) BYTE.getAcquire(memory, at);
  }

  /** Loads an unsigned 16-bit word. */
  public static int u16(MemorySegment memory, long at) {
    return (short) SHORT.getAcquire(memory, at) & 0xffff;
  }

  /** Loads a 64-bit word. */
  public static long u64(MemorySegment memory, long at) {
    return (long) LONG.getAcquire(memory, at);
  }

  /** Stores a byte. */
  public static void setU8(MemorySegment memory, long at, int value) {
    VarHandle.releaseFence();
    memory.set(JAVA_BYTE, at, (byte) value);
  }

  /** Stores a 16-bit word. */
  public static void setU16(MemorySegment memory, long at, int value) {
    VarHandle.releaseFence();
    memory.set(JAVA_SHORT, at, (short) value);
  }

  /** Stores a 32-bit word. */
  public static void setU32(MemorySegment memory, long at, int value) {
    VarHandle.releaseFence();
    memory.set(JAVA_INT, at, value);
  }

  /** Stores a 64-bit word. */
  public static void setU64(MemorySegment memory, long at, long value) {
    VarHandle.releaseFence();
    memory.set(JAVA_LONG, at, value);
  }
}
