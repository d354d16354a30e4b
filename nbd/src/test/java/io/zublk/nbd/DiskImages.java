package io.zublk.nbd;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** Disk images for tests with real clients. Other modules' end-to-end tests use them as well. */
public final class DiskImages {

  /** Room for the tree, and a third of holes. */
  private static final long SIZE_BYTES = 768L << 20;

  private DiskImages() {}

  /**
   * An ext4 file system of 768 MiB that holds the running JDK, a real tree of some 300 MiB. It is
   * made once, without privileges, and kept in {@code directory}.
   *
   * @return the image, a sparse file; not to be changed
   */
  public static synchronized Path ext4(Path directory) throws IOException, InterruptedException {
    Path image = directory.resolve("jdk.ext4");
    if (Files.exists(image)) {
      return image;
    }
    Files.createDirectories(directory);
    Path partial = directory.resolve("jdk.ext4.partial");
    try (RandomAccessFile file = new RandomAccessFile(partial.toFile(), "rw")) {
      file.setLength(0);
      file.setLength(SIZE_BYTES);
    }
    Tool.run("mkfs.ext4", "-q", "-F", "-d", System.getProperty("java.home"), partial.toString());
    return Files.move(partial, image, StandardCopyOption.ATOMIC_MOVE);
  }
}
