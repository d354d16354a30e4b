package io.zublk.vmtest;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

/**
 * A program that frees half of its pages, here and there, which the kernel tells a swap device only
 * for 2 MiB that are free as a whole. Runs in a guest.
 */
final class SwapChurn {

  private static final int PAGE = 4096;
  private static final int MADV_DONTNEED = 4;

  /** A page's first bytes are its own and the rest is of one kind, so it compresses well. */
  private static final int OWN_BYTES = 640;

  private final MemorySegment memory;
  private final int pages;
  private final boolean[] isFree;

  private SwapChurn(MemorySegment memory) {
    this.memory = memory;
    this.pages = (int) (memory.byteSize() / PAGE);
    this.isFree = new boolean[pages];
  }

  /**
   * Says "filled", "freed" and "right"; before each of the latter two, it waits for a file and
   * deletes it.
   *
   * @param arguments MiB, the file
   */
  public static void main(String[] arguments) throws Throwable {
    Path file = Path.of(arguments[1]);
    SwapChurn churn =
        new SwapChurn(Arena.global().allocate(Long.parseLong(arguments[0]) << 20, PAGE));
    churn.fill();
    System.out.println("filled");
    await(file);
    churn.freeHalf();
    System.out.println("freed");
    await(file);
    churn.check();
    System.out.println("right");
  }

  private static void await(Path file) throws IOException, InterruptedException {
    while (!Files.deleteIfExists(file)) {
      Thread.sleep(100);
    }
  }

  private void fill() {
    for (int page = 0; page < pages; page++) {
      Random random = new Random(page);
      for (int at = 0; at < OWN_BYTES; at += Long.BYTES) {
        memory.set(JAVA_LONG, (long) page * PAGE + at, random.nextLong());
      }
      memory.asSlice((long) page * PAGE + OWN_BYTES, PAGE - OWN_BYTES).fill((byte) page);
    }
  }

  private void freeHalf() throws Throwable {
    Linker linker = Linker.nativeLinker();
    MethodHandle madvise =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("madvise"),
            FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));
    Random random = new Random(1);
    for (int page = 0; page < pages; page++) {
      isFree[page] = random.nextBoolean();
      if (isFree[page]) {
        MemorySegment freed = memory.asSlice((long) page * PAGE, PAGE);
        if ((int) madvise.invokeExact(freed, (long) PAGE, MADV_DONTNEED) != 0) {
          throw new IOException("madvise failed");
        }
      }
    }
  }

  private void check() {
    for (int page = 0; page < pages; page++) {
      if (!isFree[page]) {
        check(page);
      }
    }
  }

  private void check(int page) {
    Random random = new Random(page);
    for (int at = 0; at < PAGE; at += at < OWN_BYTES ? Long.BYTES : 1) {
      long offset = (long) page * PAGE + at;
      boolean right =
          at < OWN_BYTES
              ? memory.get(JAVA_LONG, offset) == random.nextLong()
              : memory.get(JAVA_BYTE, offset) == (byte) page;
      if (!right) {
        throw new AssertionError("page %d, byte %d".formatted(page, at));
      }
    }
  }
}
