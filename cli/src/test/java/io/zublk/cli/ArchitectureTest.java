package io.zublk.cli;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** The arrows between the upper modules; those between the lower ones are tested in daemon. */
class ArchitectureTest {

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("io.zublk");

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
}
