import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFile.ClassHierarchyResolverOption;
import java.lang.classfile.ClassFile.StackMapsOption;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeTransform;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;

/**
 * Rewrites a jar's classes of before Java 6 with stack maps, which they lack. Without those the JVM
 * verifies them by the slow method at every start, and no AOT cache can hold them. A jar without such
 * classes stays as it is.
 */
final class UpgradeClasses {

  /** Java 6, the first with stack maps (JVMS 4.10). */
  private static final int FIRST_WITH_STACK_MAPS = 50;

  /** Java 7: from here on stack maps are required, and nothing falls back to the slow method. */
  private static final int UPGRADED = 51;

  /** Takes the path of the jar. */
  public static void main(String[] arguments) throws IOException {
    Path jar = Path.of(arguments[0]);
    ByteArrayOutputStream rewritten = new ByteArrayOutputStream();
    try (URLClassLoader classes = new URLClassLoader(new URL[] {jar.toUri().toURL()});
        ZipInputStream in = new ZipInputStream(Files.newInputStream(jar));
        ZipOutputStream out = new ZipOutputStream(rewritten)) {
      if (!rewrite(in, out, rewriter(classes))) {
        return;
      }
    }
    Path next = jar.resolveSibling(jar.getFileName() + ".next");
    Files.write(next, rewritten.toByteArray());
    Files.move(next, jar, StandardCopyOption.ATOMIC_MOVE);
  }

  private static ClassFile rewriter(ClassLoader classes) {
    // Merging two types in a stack map takes their common superclass.
    return ClassFile.of(
        StackMapsOption.GENERATE_STACK_MAPS,
        ClassHierarchyResolverOption.of(
            ClassHierarchyResolver.ofResourceParsing(classes)
                .orElse(ClassHierarchyResolver.defaultResolver())));
  }

  private static boolean rewrite(ZipInputStream in, ZipOutputStream out, ClassFile rewriter)
      throws IOException {
    boolean any = false;
    for (ZipEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
      byte[] content = in.readAllBytes();
      if (entry.getName().endsWith(".class") && majorVersion(content) < FIRST_WITH_STACK_MAPS) {
        content = upgraded(rewriter, content);
        any = true;
      }
      ZipEntry copy = new ZipEntry(entry.getName());
      copy.setTime(entry.getTime());
      out.putNextEntry(copy);
      out.write(content);
    }
    return any;
  }

  private static int majorVersion(byte[] classFile) {
    return ByteBuffer.wrap(classFile).getShort(6);
  }

  private static byte[] upgraded(ClassFile rewriter, byte[] classFile) {
    ClassTransform eachMethod = ClassTransform.transformingMethodBodies(CodeTransform.ACCEPT_ALL);
    ClassTransform version = ClassTransform.endHandler(to -> to.withVersion(UPGRADED, 0));
    return rewriter.transformClass(rewriter.parse(classFile), eachMethod.andThen(version));
  }
}
