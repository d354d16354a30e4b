package io.zublk.daemon;

import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import org.junit.jupiter.api.Test;

/** The arrows between modules: who may know whom. Maven keeps only cycles out. */
class ArchitectureTest {

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("io.zublk");

  @Test
  void modulesDependOnlyAlongTheArrows() {
    layeredArchitecture()
        .consideringOnlyDependenciesInLayers()
        .layer("uring")
        .definedBy("io.zublk.uring..")
        .layer("block")
        .definedBy("io.zublk.block..")
        .layer("codec")
        .definedBy("io.zublk.codec..")
        .layer("store")
        .definedBy("io.zublk.store..")
        .layer("ublk")
        .definedBy("io.zublk.ublk..")
        .layer("nbd")
        .definedBy("io.zublk.nbd..")
        .layer("daemon")
        .definedBy("io.zublk.daemon..")
        .whereLayer("uring")
        .mayNotAccessAnyLayer()
        .whereLayer("block")
        .mayNotAccessAnyLayer()
        .whereLayer("codec")
        .mayNotAccessAnyLayer()
        .whereLayer("store")
        .mayOnlyAccessLayers("codec", "block", "uring")
        .whereLayer("ublk")
        .mayOnlyAccessLayers("uring", "block")
        .whereLayer("nbd")
        .mayOnlyAccessLayers("block")
        .check(CLASSES);
  }

  @Test
  void onlyTheTopOfTheUblkLibraryIsUsed() {
    ArchRuleDefinition.noClasses()
        .that()
        .resideOutsideOfPackage("io.zublk.ublk..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("io.zublk.ublk.*..")
        .check(CLASSES);
  }

  @Test
  void nobodyBelowKnowsTheJsonLibrary() {
    ArchRuleDefinition.noClasses()
        .that()
        .resideOutsideOfPackage("io.zublk.daemon..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("com.fasterxml..")
        .check(CLASSES);
  }
}
