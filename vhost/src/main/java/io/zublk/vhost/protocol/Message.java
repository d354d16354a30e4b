package io.zublk.vhost.protocol;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import io.zublk.uring.sys.LinuxFile;
import java.lang.foreign.MemorySegment;

/**
 * What a client said. Its files are closed with it, but for those that were {@link #takeFile
 * taken}.
 */
final class Message implements AutoCloseable {

  private static final int NONE = -1;

  private final int request;
  private final int flags;
  private final MemorySegment payload;
  private final int[] files;

  Message(int request, int flags, MemorySegment payload, int[] files) {
    this.request = request;
    this.flags = flags;
    this.payload = payload;
    this.files = files;
  }

  static void close(int fd) {
    LinuxFile.adopt("a file", fd).close();
  }

  int request() {
    return request;
  }

  boolean needsReply() {
    return (flags & VhostUser.NEED_REPLY) != 0;
  }

  MemorySegment payload() {
    return payload;
  }

  /** Makes sure that it is so long, at least. */
  void requireBytes(long bytes) throws ProtocolException {
    if (payload.byteSize() < bytes) {
      throw new ProtocolException(
          "message %d has %d bytes of %d".formatted(request, payload.byteSize(), bytes));
    }
  }

  int u16(long at) throws ProtocolException {
    requireBytes(at + Short.BYTES);
    return payload.get(JAVA_SHORT_UNALIGNED, at) & 0xffff;
  }

  int u32(long at) throws ProtocolException {
    requireBytes(at + Integer.BYTES);
    return payload.get(JAVA_INT_UNALIGNED, at);
  }

  long u64(long at) throws ProtocolException {
    requireBytes(at + Long.BYTES);
    return payload.get(JAVA_LONG_UNALIGNED, at);
  }

  /** Makes sure that so many files came. */
  void requireFiles(int count) throws ProtocolException {
    if (files.length != count) {
      throw new ProtocolException(
          "message %d came with %d files instead of %d".formatted(request, files.length, count));
    }
  }

  /** A file, which stays the message's. */
  int file(int index) {
    return files[index];
  }

  /** A file, which is the caller's from now on. */
  int takeFile(int index) {
    int fd = files[index];
    files[index] = NONE;
    return fd;
  }

  @Override
  public void close() {
    for (int fd : files) {
      if (fd != NONE) {
        close(fd);
      }
    }
  }
}
