package io.zublk.races;

import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFile.ClassHierarchyResolverOption;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.TypeKind;
import java.lang.classfile.instruction.ArrayLoadInstruction;
import java.lang.classfile.instruction.ArrayStoreInstruction;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.lang.reflect.AccessFlag;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Loads the classes of store, ublk and nbd anew, and chosen ones, also others, with a call of
 * {@link Steps} before each access to what threads share. The code under test needs no seam for
 * that, and is the code that ships.
 *
 * <p>Such accesses are the operations of VarHandles and atomics, elements of {@code long} arrays
 * and volatile fields. Other fields, and bytes of a MemorySegment that are accessed without a
 * VarHandle, are none: they are one thread's, or the class is wrong in a way that jcstress may
 * find.
 */
final class SteppedClasses extends ClassLoader {

  private static final List<String> PREFIXES =
      List.of("io.zublk.store.", "io.zublk.ublk.", "io.zublk.nbd.");
  private static final ClassDesc STEPS = ClassDesc.of(Steps.class.getName());
  private static final MethodTypeDesc PAUSE = MethodTypeDesc.of(ConstantDescs.CD_void);
  private static final MethodTypeDesc BEFORE =
      MethodTypeDesc.of(ConstantDescs.CD_void, ConstantDescs.CD_String);

  static {
    registerAsParallelCapable();
  }

  private final Set<String> stepped;
  private final ClassFile classFile;

  /** All classes of the store, and of tests in its packages; those named with steps. */
  SteppedClasses(Set<String> stepped) {
    super(SteppedClasses.class.getClassLoader());
    this.stepped = stepped;
    this.classFile =
        ClassFile.of(
            ClassHierarchyResolverOption.of(
                ClassHierarchyResolver.ofResourceParsing(getParent())
                    .orElse(ClassHierarchyResolver.defaultResolver())));
  }

  @Override
  protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    synchronized (getClassLoadingLock(name)) {
      if (PREFIXES.stream().noneMatch(name::startsWith) && !stepped.contains(name)) {
        return super.loadClass(name, resolve);
      }
      Class<?> loaded = findLoadedClass(name);
      return loaded != null ? loaded : define(name);
    }
  }

  private Class<?> define(String name) throws ClassNotFoundException {
    try (InputStream in = getParent().getResourceAsStream(name.replace('.', '/') + ".class")) {
      if (in == null) {
        throw new ClassNotFoundException(name);
      }
      byte[] bytes = in.readAllBytes();
      byte[] changed = changed(bytes, stepped.contains(name));
      return defineClass(name, changed, 0, changed.length);
    } catch (IOException e) {
      throw new ClassNotFoundException(name, e);
    }
  }

  /** With steps, or at least without waits, during which nobody else could go on. */
  private byte[] changed(byte[] bytes, boolean withSteps) {
    ClassModel model = classFile.parse(bytes);
    Set<String> shared =
        model.fields().stream()
            .filter(field -> field.flags().has(AccessFlag.VOLATILE))
            .map(field -> field.fieldName().stringValue())
            .collect(Collectors.toSet());
    return classFile.transformClass(
        model,
        ClassTransform.transformingMethodBodies((code, element) -> {
          if (!isReplaced(code, element)) {
            String access = withSteps ? access(element, shared) : null;
            if (access != null) {
              code.ldc(access).invokestatic(STEPS, "before", BEFORE);
            }
            code.with(element);
          }
        }));
  }

  private static boolean isReplaced(CodeBuilder code, CodeElement element) {
    if (element instanceof InvokeInstruction call && isPause(call)) {
      for (ClassDesc parameter : call.typeSymbol().parameterList().reversed()) {
        boolean isWide = TypeKind.from(parameter).slotSize() == 2;
        CodeBuilder _ = isWide ? code.pop2() : code.pop();
      }
      code.invokestatic(STEPS, "pause", PAUSE);
      return true;
    }
    return false;
  }

  /** Ways to wait without a lock. All of them may end at once, without anything having happened. */
  private static boolean isPause(InvokeInstruction call) {
    String name = call.name().stringValue();
    return switch (call.owner().asInternalName()) {
      case "io/zublk/store/table/Naps" -> true;
      case "java/util/concurrent/locks/LockSupport" -> name.startsWith("park");
      case "java/lang/Thread" -> name.equals("onSpinWait");
      default -> false;
    };
  }

  /** What an instruction does to what threads share; null if it does not. */
  private static String access(CodeElement element, Set<String> shared) {
    return switch (element) {
      case InvokeInstruction call when isAtomic(call.owner().asInternalName()) ->
          call.name().stringValue();
      case ArrayLoadInstruction load when load.typeKind() == TypeKind.LONG -> "load of an element";
      case ArrayStoreInstruction store when store.typeKind() == TypeKind.LONG ->
          "store of an element";
      case FieldInstruction field when shared.contains(field.name().stringValue()) ->
          field.opcode() + " " + field.name().stringValue();
      default -> null;
    };
  }

  private static boolean isAtomic(String owner) {
    return owner.equals("java/lang/invoke/VarHandle")
        || owner.startsWith("java/util/concurrent/atomic/");
  }
}
