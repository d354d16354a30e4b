package io.zublk.vhost.memory;

import io.zublk.uring.sys.LinuxFile;
import io.zublk.uring.sys.Memory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * A region of a client's memory that is mapped here.
 *
 * @param mapping all that is mapped: from the file's beginning on, for an offset need not be a
 *     multiple of the page size of the file's pages
 * @param memory the region itself
 */
public record MappedRegion(Region region, MemorySegment mapping, MemorySegment memory) {

  /**
   * Maps a region of a file, which the caller may close.
   *
   * @throws IOException why it cannot be
   */
  public static MappedRegion map(Region region, int fd) throws IOException {
    if (!region.isSound()) {
      throw new IOException("a memory region that cannot be: " + region);
    }
    long end = region.mapOffset() + region.bytes();
    LinuxFile file = LinuxFile.adopt("the client's memory", fd); // not closed here
    requireMemory(file);
    if (file.size() < end) {
      throw new IOException("a memory region beyond the end of its file: " + region);
    }
    MemorySegment mapping = Memory.mapShared(file, 0, end);
    Memory.advise(mapping, 0, end, Memory.MADV_DONTDUMP);
    return new MappedRegion(region, mapping, mapping.asSlice(region.mapOffset(), region.bytes()));
  }

  /**
   * Takes no other file from a client: whoever touches a page of it may wait for its file system,
   * and a thread of ours that does serves nobody.
   *
   * @throws IOException if it is another one
   */
  public static void requireMemory(LinuxFile file) throws IOException {
    if (!file.isMemory()) {
      throw new IOException(file + " is no memory: neither memfd, tmpfs nor hugetlbfs");
    }
  }

  /** Ends the mapping, which nobody may use any more. */
  public void unmap() {
    Memory.unmap(mapping);
  }
}
