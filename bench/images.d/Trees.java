import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Enumeration;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.util.JavacTask;
import java.net.URI;
import javax.tools.JavaCompiler;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/** Keeps javac's syntax trees of a zip of sources until the heap has so many MiB in use. */
public final class Trees {

  private Trees() {}

  public static void main(String[] args) throws Exception {
    long most = Long.parseLong(args[1]) << 20;
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    List<CompilationUnitTree> trees = new ArrayList<>();
    try (ZipFile sources = new ZipFile(args[0])) {
      Enumeration<? extends ZipEntry> entries = sources.entries();
      while (entries.hasMoreElements() && used(trees.size()) < most) {
        ZipEntry entry = entries.nextElement();
        if (entry.getName().endsWith(".java")) {
          Source source = new Source(entry.getName(), sources.getInputStream(entry).readAllBytes());
          JavacTask task =
              (JavacTask) compiler.getTask(null, null, null, null, null, List.of(source));
          task.parse().forEach(trees::add);
        }
      }
    }
    System.out.println("ready: " + trees.size() + " files");
    Thread.sleep(Long.MAX_VALUE);
    System.out.println(trees); // so that they live until now
  }

  /** Live bytes, looked at now and then. */
  private static long used(int count) {
    if (count % 200 != 199) {
      return 0;
    }
    System.gc();
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }

  private static final class Source extends SimpleJavaFileObject {

    private final String text;

    Source(String name, byte[] text) {
      super(URI.create("string:///" + name), Kind.SOURCE);
      this.text = new String(text, StandardCharsets.UTF_8);
    }

    @Override
    public CharSequence getCharContent(boolean ignoreEncodingErrors) throws IOException {
      return text;
    }
  }
}
