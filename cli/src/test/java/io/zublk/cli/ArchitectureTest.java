package io.zublk.cli;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.lang.foreign.Arena;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The arrows between the upper modules; those between the lower ones are tested in daemon. */
class ArchitectureTest {

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("io.zublk");

  private static final Pattern MODULE = Pattern.compile("io\\.zublk\\.\\w+");

  private static final ArchCondition<JavaClass> USE_ONLY_TOP_PACKAGES_OF_OTHERS =
      new ArchCondition<>("use only the top packages of other modules") {
        @Override
        public void check(JavaClass user, ConditionEvents events) {
          for (Dependency dependency : user.getDirectDependenciesFromSelf()) {
            boolean allowed = mayUse(user, dependency.getTargetClass().getPackageName());
            events.add(new SimpleConditionEvent(user, allowed, dependency.getDescription()));
          }
        }
      };

  private static boolean mayUse(JavaClass user, String packageName) {
    Matcher module = MODULE.matcher(packageName);
    return !module.lookingAt()
        || module.end() == packageName.length()
        || (user.getPackageName() + ".").startsWith(module.group() + ".")
        || packageName.equals("io.zublk.uring.sys");
  }

  /** Its other packages are its own affair, {@code uring.sys} excepted. */
  @Test
  void fromOutsideAModuleOnlyItsTopPackageIsUsed() {
    classes().should(USE_ONLY_TOP_PACKAGES_OF_OTHERS).check(CLASSES);
  }

  @Test
  void theProductDoesNotKnowItsMeasurements() {
    noClasses()
        .that()
        .resideOutsideOfPackages("io.zublk.bench..", "io.zublk.cli..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("io.zublk.bench..")
        .check(CLASSES);
  }

  @Test
  void onlyTheCommandLineKnowsItsLibrary() {
    noClasses()
        .that()
        .resideOutsideOfPackage("io.zublk.cli..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("io.zublk.cli..", "picocli..")
        .check(CLASSES);
  }

  @Test
  void onlyTheDaemonKnowsTheJsonLibrary() {
    noClasses()
        .that()
        .resideOutsideOfPackage("io.zublk.daemon..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("com.fasterxml..")
        .check(CLASSES);
  }

  /**
   * To close one, the JVM halts each of its threads for a moment, and so waits for all that wait
   * for a CPU. Connections that came and went made each other wait for seconds.
   */
  @Test
  void noArenaIsSharedByThreads() {
    noClasses()
        .that()
        .resideOutsideOfPackage("io.zublk.bench..")
        .should()
        .callMethod(Arena.class, "ofShared")
        .check(CLASSES);
  }
}
