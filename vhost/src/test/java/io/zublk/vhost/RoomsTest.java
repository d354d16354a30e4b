package io.zublk.vhost;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** The library's rooms, and which may know which. */
class RoomsTest {

  private static final String TOP = "io.zublk.vhost";

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages(TOP);

  @Test
  void knowOneAnotherInOneDirection() {
    var doors = belongToAnyOf(VhostServer.class);
    layeredArchitecture()
        .consideringOnlyDependenciesInLayers()
        .layer("words")
        .definedBy(resideInAPackage(TOP).and(not(doors)))
        .layer("memory")
        .definedBy(TOP + ".memory")
        .layer("ring")
        .definedBy(TOP + ".ring")
        .layer("io")
        .definedBy(TOP + ".io")
        .layer("protocol")
        .definedBy(TOP + ".protocol")
        .layer("doors")
        .definedBy(doors)
        .layer("examples")
        .definedBy(TOP + ".examples")
        .whereLayer("words")
        .mayNotAccessAnyLayer()
        .whereLayer("memory")
        .mayNotAccessAnyLayer()
        .whereLayer("ring")
        .mayOnlyAccessLayers("memory")
        .whereLayer("io")
        .mayOnlyAccessLayers("ring", "memory", "words")
        .whereLayer("protocol")
        .mayOnlyAccessLayers("io", "ring", "memory", "words")
        .whereLayer("doors")
        .mayOnlyAccessLayers("protocol", "io", "words")
        .whereLayer("examples")
        .mayOnlyAccessLayers("doors", "words")
        .check(CLASSES);
  }
}
