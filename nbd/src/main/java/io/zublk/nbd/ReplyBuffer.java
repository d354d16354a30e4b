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

  /** A full payload with its headers, and the last small replies before it. */
  static final int CAPACITY_BYTES = PAYLOAD_BYTES + CHUNKS_BYTES + (4 << 10);

  /** Enough for any reply without payload. */
  static final int SMALL_REPLY_BYTES = 64;

  private final ByteBuffer bytes = ConnectionMemory.allocate(CAPACITY_BYTES);
  private final MemorySegment segment = MemorySegment.ofBuffer(bytes);
  private int end;
  private int lastChunk;

  MemorySegment segment() {
    return segment;
  }

  /** How many bytes are waiting; the offset at which the next reply begins. */
  int end() {
    return end;
  }

  int free() {
    return CAPACITY_BYTES - end;
  }

  /** Forgets everything from {@code newEnd} on. */
  void truncate(int newEnd) {
    end = newEnd;
  }

  /** The memory itself, for use before the first reply. */
  ByteBuffer scratch() {
    return bytes;
  }

  /** The waiting bytes, ready for a channel's write. */
  ByteBuffer toSend() {
    return bytes.position(0).limit(end);
  }

  /** Adds a simple reply; a READ's data must follow it. */
  void addSimple(long cookie, int error) {
    bytes.limit(CAPACITY_BYTES);
    bytes.putInt(end, NbdProtocol.SIMPLE_REPLY_MAGIC);
    bytes.putInt(end + 4, error);
    bytes.putLong(end + 8, cookie);
    end += NbdProtocol.SIMPLE_REPLY_BYTES;
  }

  /** Marks {@code length} bytes that were filled at {@link #end()} as part of the last reply. */
  void addFilled(int length) {
    end += length;
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
    bytes.limit(CAPACITY_BYTES);
    bytes.putInt(end, NbdProtocol.STRUCTURED_REPLY_MAGIC);
    bytes.putShort(end + 4, (short) 0);
    bytes.putShort(end + 6, (short) type);
    bytes.putLong(end + 8, cookie);
    bytes.putInt(end + 16, payloadBytes);
    lastChunk = end;
    end += NbdProtocol.CHUNK_HEADER_BYTES;
  }
}
