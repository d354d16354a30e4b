package io.zublk.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** A flipped bit in the page table of a serving device: reads fail, and never find a hole. */
class DamagedEntriesTest extends WithDevices {

  private static final int PAGE = 4096;
  private static final int EIO = 5;

  /** Of an entry; waits for the thread that has it, so it is a story of its own. */
  private static final int LOCK_BIT = 59;

  /** Where the page table begins in the store file, in bytes. */
  private static final int TABLE = 4096;

  private static final int KINDS = 6;

  @Test
  void noFlippedBitOfAnEntryReadsAsAHole() throws Exception {
    String uri = zublk.create("--size", "2M", "--workers", "0").get("path").toString();
    Path image = temp.resolve("image");
    Files.write(image, image());
    // Also pages of zeros are written; those behind the image are holes.
    Zublk.tool("nbdcopy", "--allocated", image.toString(), uri);
    List<Integer> damaged = damage();

    assertThat(zeroPages(uri)).doesNotContainAnyElementsOf(damaged);
    assertThat(structuredReads(uri, damaged)).containsOnly("read failed: Input/output error");
    try (RawNbdClient client = RawNbdClient.connected(zublk.runDir().resolve("0/nbd.sock"))) {
      for (int page : damaged) {
        client.ask(1, RawNbdClient.READ, (long) page * PAGE, PAGE);
        assertThat(client.takeReply(PAGE)).as("page %d", page).isEqualTo(EIO);
      }
    }
  }

  /** A page of every kind for every bit, but for the last kind: never written. */
  private static byte[] image() {
    ByteBuffer bytes = ByteBuffer.allocate((KINDS - 1) * Long.SIZE * PAGE);
    Random random = new Random(1);
    bytes.order(ByteOrder.LITTLE_ENDIAN);
    for (int bit = 0; bit < Long.SIZE; bit++) {
      byte[] noise = new byte[PAGE];
      random.nextBytes(noise);
      bytes.put(noise);
      bytes.put(noise, 0, PAGE / 2).put(new byte[PAGE / 2]);
      putWords(bytes, 0x1234L);
      putWords(bytes, random.nextLong());
      putWords(bytes, 0);
    }
    return bytes.array();
  }

  private static void putWords(ByteBuffer bytes, long word) {
    for (int i = 0; i < PAGE / Long.BYTES; i++) {
      bytes.putLong(word);
    }
  }

  /** Flips a bit in every page's entry, each bit in one of every kind; returns the pages. */
  private List<Integer> damage() throws IOException {
    List<Integer> damaged = new ArrayList<>();
    try (FileChannel file =
        FileChannel.open(zublk.storeFile(0), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      int pages = KINDS * Long.SIZE;
      MappedByteBuffer table =
          file.map(FileChannel.MapMode.READ_WRITE, TABLE, (long) pages * Long.BYTES);
      table.order(ByteOrder.LITTLE_ENDIAN);
      for (int page = 0; page < pages; page++) {
        int written = (KINDS - 1) * Long.SIZE;
        int bit = page < written ? page / (KINDS - 1) : page - written;
        if (bit != LOCK_BIT) {
          int at = page * Long.BYTES;
          table.putLong(at, table.getLong(at) ^ (1L << bit));
          damaged.add(page);
        }
      }
    }
    return damaged;
  }

  private static List<Integer> zeroPages(String uri) throws Exception {
    List<Integer> zeros = new ArrayList<>();
    for (Object each : JSON.std.listFrom(Zublk.tool("nbdinfo", "--map", "--json", uri))) {
      Map<?, ?> extent = (Map<?, ?>) each;
      if (!extent.get("type").equals(0)) {
        int first = (int) (((Number) extent.get("offset")).longValue() / PAGE);
        int count = (int) (((Number) extent.get("length")).longValue() / PAGE);
        for (int i = 0; i < count; i++) {
          zeros.add(first + i);
        }
      }
    }
    return zeros;
  }

  /** What a client with structured replies says about every read. */
  private static List<String> structuredReads(String uri, List<Integer> pages) throws Exception {
    List<String> line = new ArrayList<>(List.of("qemu-io", "-r", "-f", "raw"));
    for (int page : pages) {
      line.add("-c");
      line.add("read " + (long) page * PAGE + " " + PAGE);
    }
    line.add(uri);
    Process process = new ProcessBuilder(line).redirectErrorStream(true).start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor();
    List<String> said = Pattern.compile("\\R").splitAsStream(out).toList();
    assertThat(said).hasSameSizeAs(pages);
    return said;
  }
}
