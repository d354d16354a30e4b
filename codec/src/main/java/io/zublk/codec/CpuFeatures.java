package io.zublk.codec;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What the CPU can, by the names of {@code /proc/cpuinfo}. A library that is compiled for more than
 * its architecture's least CPU kills the process (SIGILL) on a lesser one, such as many virtual
 * machines have by default.
 */
final class CpuFeatures {

  private static final Path CPUINFO = Path.of("/proc/cpuinfo");

  private CpuFeatures() {}

  /** Which of these features an x86-64 CPU of this machine lacks; none on other architectures. */
  static List<String> missing(List<String> x86Features) {
    if (!System.getProperty("os.arch").equals("amd64")) {
      return List.of();
    }
    try (Reader cpuinfo = Files.newBufferedReader(CPUINFO)) {
      return missing(x86Features, cpuinfo);
    } catch (IOException e) {
      // Without /proc nothing is known, and most CPUs have what is asked for.
      return List.of();
    }
  }

  /** Only the first CPU is looked at: a kernel takes no others beside it that can less. */
  static List<String> missing(List<String> features, Reader cpuinfo) throws IOException {
    BufferedReader lines = new BufferedReader(cpuinfo);
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      if (line.startsWith("flags")) {
        List<String> missing = new ArrayList<>(features);
        missing.removeAll(List.of(line.split("\\s+", -1)));
        return missing;
      }
    }
    return List.of();
  }
}
