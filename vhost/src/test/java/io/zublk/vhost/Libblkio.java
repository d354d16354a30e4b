package io.zublk.vhost;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;

/** The libblkio library (blkio.h), as a client of a server: a driver that nobody here wrote. */
public final class Libblkio implements AutoCloseable {

  private static final int REGION_BYTES = 40;
  private static final int COMPLETION_BYTES = 32;
  private static final int RESULT_OFFSET = 16;

  private final Arena arena = Arena.ofShared();
  private final SymbolLookup library;
  private final MemorySegment client;
  private final MemorySegment completion = arena.allocate(COMPLETION_BYTES, 8);
  private MemorySegment queue;

  public Libblkio(Path socket) throws Exception {
    library = SymbolLookup.libraryLookup(Path.of(path()), arena);
    MemorySegment pointer = arena.allocate(ADDRESS);
    check("create", "blkio_create", arena.allocateFrom("virtio-blk-vhost-user"), pointer);
    client = pointer.get(ADDRESS, 0);
    check(
        "set path",
        "blkio_set_str",
        client,
        arena.allocateFrom("path"),
        arena.allocateFrom(socket.toString()));
    check("connect", "blkio_connect", client);
  }

  private static String path() throws IOException, InterruptedException {
    Process script = new ProcessBuilder("../vmtest/guest/libblkio").start();
    String said = new String(script.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    String trouble = new String(script.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
    if (script.waitFor() != 0) {
      throw new IOException("libblkio cannot be had: " + trouble);
    }
    return said.strip();
  }

  private MethodHandle function(String name, FunctionDescriptor descriptor) {
    return Linker.nativeLinker().downcallHandle(library.findOrThrow(name), descriptor);
  }

  /** Calls a function of pointers that returns 0, or what to say. */
  private void check(String what, String name, Object... pointers) throws IOException {
    MemoryLayout[] layouts = new MemoryLayout[pointers.length];
    Arrays.fill(layouts, ADDRESS);
    try {
      MethodHandle handle = function(name, FunctionDescriptor.of(JAVA_INT, layouts));
      int result = (int) handle.invokeWithArguments(pointers);
      if (result != 0) {
        MethodHandle message = function("blkio_get_error_msg", FunctionDescriptor.of(ADDRESS));
        MemorySegment text = (MemorySegment) message.invoke();
        throw new IOException(
            what + ": " + result + " " + text.reinterpret(Long.MAX_VALUE).getString(0));
      }
    } catch (IOException | RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  public long capacity() throws IOException {
    MemorySegment value = arena.allocate(JAVA_LONG);
    check("capacity", "blkio_get_uint64", client, arena.allocateFrom("capacity"), value);
    return value.get(JAVA_LONG, 0);
  }

  /** Starts with one queue, and shares memory for data. */
  public MemorySegment start(boolean polls, long bytes) throws Throwable {
    MethodHandle setInt =
        function("blkio_set_int", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, JAVA_INT));
    int _ = (int) setInt.invoke(client, arena.allocateFrom("num-queues"), polls ? 0 : 1);
    int _ = (int) setInt.invoke(client, arena.allocateFrom("num-poll-queues"), polls ? 1 : 0);
    check("start", "blkio_start", client);
    MemorySegment region = arena.allocate(REGION_BYTES, 8);
    MethodHandle allocate =
        function(
            "blkio_alloc_mem_region", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, JAVA_LONG));
    if ((int) allocate.invoke(client, region, bytes) != 0) {
      throw new IOException("no memory region");
    }
    check("map", "blkio_map_mem_region", client, region);
    String get = polls ? "blkio_get_poll_queue" : "blkio_get_queue";
    MethodHandle getQueue = function(get, FunctionDescriptor.of(ADDRESS, ADDRESS, JAVA_INT));
    queue = (MemorySegment) getQueue.invoke(client, 0);
    return region.get(ADDRESS, 0).reinterpret(bytes);
  }

  public int read(long position, MemorySegment buffer) throws Throwable {
    function(
            "blkioq_read",
            FunctionDescriptor.ofVoid(ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_INT))
        .invoke(queue, position, buffer, buffer.byteSize(), MemorySegment.NULL, 0);
    return await();
  }

  public int write(long position, MemorySegment buffer) throws Throwable {
    function(
            "blkioq_write",
            FunctionDescriptor.ofVoid(ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_INT))
        .invoke(queue, position, buffer, buffer.byteSize(), MemorySegment.NULL, 0);
    return await();
  }

  public int flush() throws Throwable {
    function("blkioq_flush", FunctionDescriptor.ofVoid(ADDRESS, ADDRESS, JAVA_INT))
        .invoke(queue, MemorySegment.NULL, 0);
    return await();
  }

  public int discard(long position, long length) throws Throwable {
    return range("blkioq_discard", position, length);
  }

  public int writeZeroes(long position, long length) throws Throwable {
    return range("blkioq_write_zeroes", position, length);
  }

  private int range(String name, long position, long length) throws Throwable {
    function(name, FunctionDescriptor.ofVoid(ADDRESS, JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_INT))
        .invoke(queue, position, length, MemorySegment.NULL, 0);
    return await();
  }

  private int await() throws Throwable {
    MethodHandle perform =
        function(
            "blkioq_do_io",
            FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, JAVA_INT, JAVA_INT, ADDRESS));
    int done = (int) perform.invoke(queue, completion, 1, 1, MemorySegment.NULL);
    return done == 1 ? completion.get(JAVA_INT, RESULT_OFFSET) : Integer.MIN_VALUE;
  }

  @Override
  public void close() throws IOException {
    MemorySegment pointer = arena.allocate(ADDRESS);
    pointer.set(ADDRESS, 0, client);
    try {
      function("blkio_destroy", FunctionDescriptor.ofVoid(ADDRESS)).invoke(pointer);
    } catch (Throwable e) {
      throw new IOException(e);
    }
    arena.close();
  }
}
