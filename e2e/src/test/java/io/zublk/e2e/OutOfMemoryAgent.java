package io.zublk.e2e;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;

/** Loaded into another JVM, takes all of its heap. */
public final class OutOfMemoryAgent {

  private static final List<byte[]> TAKEN = new ArrayList<>();

  private OutOfMemoryAgent() {}

  /** What that JVM calls. */
  public static void agentmain(String arguments) {
    while (true) {
      TAKEN.add(new byte[1 << 16]);
    }
  }

  static Path jar(Path directory) throws IOException {
    Manifest manifest = new Manifest();
    manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
    manifest.getMainAttributes().putValue("Agent-Class", OutOfMemoryAgent.class.getName());
    String name = OutOfMemoryAgent.class.getName().replace('.', '/') + ".class";
    Path jar = directory.resolve("agent.jar");
    try (InputStream code = OutOfMemoryAgent.class.getClassLoader().getResourceAsStream(name);
        OutputStream file = Files.newOutputStream(jar);
        JarOutputStream out = new JarOutputStream(file, manifest)) {
      out.putNextEntry(new JarEntry(name));
      code.transferTo(out);
    }
    return jar;
  }
}
