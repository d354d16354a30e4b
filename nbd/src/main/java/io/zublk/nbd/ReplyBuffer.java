package io.zublk.nbd;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * Encoded replies of one thread, waiting to be sent with one write. Device data is decompressed
 * straight into it: a reader of the device asks for {@link #end()} and fills {@link #segment()}.
 *
 * <p>Not thread-safe. The caller checks {@link #free()} before it adds anything.
 */
final class ReplyBuffer {

  /** The most payload one reply in this buffer can carry, in bytes. */
  static final int PAYLOAD_BYTES = 256 << 10;

  /** Room for the headers of all chunks that holes can cut a full payload into. */
  static final int CHUNKS_BYTES = 4 << 10;

  /** A chunk without its data, at most, in bytes: that of a hole. */
  static final int LONGEST_HEADER_BYTES =
      NbdProtocol.CHUNK_HEADER_BYTES + Long.BYTES + Integer.BYTES;

  /** Enough for any reply without payload. */
  static final int SMALL_REPLY_BYTES = 64;

  private TransferBuffer memory;
  private ByteBuffer bytes;
  private int begin;
  private int end;
  private int lastChunk;

  /** Makes replies in memory of which nobody else uses a part yet. */
  ReplyBuffer(TransferBuffer memory) {
    fill(memory);
  }

  /** Makes the next replies in other memory; nothing may be waiting. */
  void fill(TransferBuffer other) {
    assert waiting() == 0 : waiting();
    memory = other;
    bytes = other.bytes();
    begin = 0;
    end = 0;
  }

  /** Shows replies, or one chunk, that were made by another thread and are to be sent now. */
  void show(TransferBuffer other, int from, int to) {
    memory = other;
    bytes = other.bytes();
    begin = from;
    end = to;
    lastChunk = from;
  }

  TransferBuffer memory() {
    return memory;
  }

  MemorySegment segment() {
    return memory.segment();
  }

  /** The offset at which the next reply begins. */
  int end() {
    return end;
  }

  /** How many bytes are to be sent. */
  int waiting() {
    return end - begin;
  }

  int free() {
    return bytes.capacity() - end;
  }

  /** Forgets everything from {@code newEnd} on. */
  void truncate(int newEnd) {
    end = newEnd;
  }

  /** Forgets everything that waits. */
  void clear() {
    end = begin;
  }

  /** Goes on behind memory that is not this thread's any more; nothing may be waiting. */
  void skipTo(int offset) {
    assert waiting() == 0 && offset >= end && offset <= bytes.capacity() : offset;
    begin = offset;
    end = offset;
  }

  /** The offset of the first byte that is to be sent. */
  int begin() {
    return begin;
  }

  /** Says that what waited was sent. Shared memory is used once only, from front to back. */
  void markSent() {
    begin = memory.isShared() ? end : 0;
    end = begin;
  }

  /** Adds a simple reply; a READ's data must follow it. */
  void addSimple(long cookie, int error) {
    bytes.putInt(end, NbdProtocol.SIMPLE_REPLY_MAGIC);
    bytes.putInt(end + 4, error);
    bytes.putLong(end + 8, cookie);
    end += NbdProtocol.SIMPLE_REPLY_BYTES;
  }

  /** Marks {@code length} bytes that were filled at {@link #end()} as part of the last reply. */
  void addFilled(int length) {
    end += length;
    assert free() >= 0 : free();
  }

  /** Adds a chunk without payload: the whole request succeeded. */
  void addNone(long cookie) {
    addChunkHeader(cookie, NbdProtocol.REPLY_TYPE_NONE, 0);
    markDone();
  }

  /** Adds the header of a data chunk; {@code length} bytes of data must follow it. */
  void addDataHeader(long cookie, long position, int length) {
    addChunkHeader(cookie, NbdProtocol.REPLY_TYPE_OFFSET_DATA, 8 + length);
    bytes.putLong(end, position);
    end += 8;
  }

  void addHole(long cookie, long position, int length) {
    addChunkHeader(cookie, NbdProtocol.REPLY_TYPE_OFFSET_HOLE, 12);
    bytes.putLong(end, position);
    bytes.putInt(end + 8, length);
    end += 12;
  }

  /** Adds an error chunk without a message. */
  void addError(long cookie, int error) {
    addChunkHeader(cookie, NbdProtocol.REPLY_TYPE_ERROR, 6);
    bytes.putInt(end, error);
    bytes.putShort(end + 4, (short) 0);
    end += 6;
  }

  /** Adds an error chunk for the part of a READ that begins at {@code position}. */
  void addErrorAt(long cookie, int error, long position) {
    addChunkHeader(cookie, NbdProtocol.REPLY_TYPE_ERROR_OFFSET, 14);
    bytes.putInt(end, error);
    bytes.putShort(end + 4, (short) 0);
    bytes.putLong(end + 6, position);
    end += 14;
  }

  /** Begins a block status chunk, to be continued with {@link #addExtent}. */
  void addBlockStatusHeader(long cookie) {
    addChunkHeader(cookie, NbdProtocol.REPLY_TYPE_BLOCK_STATUS, 4);
    bytes.putInt(end, NbdProtocol.BASE_ALLOCATION_ID);
    end += 4;
  }

  void addExtent(int length, int flags) {
    bytes.putInt(end, length);
    bytes.putInt(end + 4, flags);
    end += 8;
    bytes.putInt(lastChunk + 16, end - lastChunk - NbdProtocol.CHUNK_HEADER_BYTES);
  }

  /** Makes the chunk added last the final one of its request. */
  void markDone() {
    bytes.putShort(lastChunk + 4, (short) NbdProtocol.REPLY_FLAG_DONE);
  }

  private void addChunkHeader(long cookie, int type, int payloadBytes) {
    bytes.putInt(end, NbdProtocol.STRUCTURED_REPLY_MAGIC);
    bytes.putShort(end + 4, (short) 0);
    bytes.putShort(end + 6, (short) type);
    bytes.putLong(end + 8, cookie);
    bytes.putInt(end + 16, payloadBytes);
    lastChunk = end;
    end += NbdProtocol.CHUNK_HEADER_BYTES;
  }
}
