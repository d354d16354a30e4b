package io.zublk.ublk;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/**
 * The library's rooms, and which may know which. Its users see the top one alone: the doors, and
 * the words in which all others speak.
 */
class RoomsTest {

  private static final String TOP = "io.zublk.ublk";

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages(TOP);

  @Test
  void knowOneAnotherInOneDirection() {
    var doors = belongToAnyOf(UblkServer.class, UblkDevices.class);
    layeredArchitecture()
        .consideringOnlyDependenciesInLayers()
        .layer("abi")
        .definedBy(TOP + ".abi")
        .layer("words")
        .definedBy(resideInAPackage(TOP).and(not(doors)))
        .layer("control")
        .definedBy(TOP + ".control")
        .layer("io")
        .definedBy(TOP + ".io")
        .layer("doors")
        .definedBy(doors)
        .layer("examples")
        .definedBy(TOP + ".examples")
        .whereLayer("abi")
        .mayNotAccessAnyLayer()
        .whereLayer("words")
        .mayOnlyAccessLayers("abi")
        .whereLayer("control")
        .mayOnlyAccessLayers("words", "abi")
        .whereLayer("io")
        .mayOnlyAccessLayers("words", "abi")
        .whereLayer("doors")
        .mayOnlyAccessLayers("control", "io", "words", "abi")
        .whereLayer("examples")
        .mayOnlyAccessLayers("doors", "words")
        .check(CLASSES);
  }
}
