package io.zublk.daemon;

import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import org.junit.jupiter.api.Test;

/** The arrows between modules, and between the rooms of this one: who may know whom. */
class ArchitectureTest {

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("io.zublk");

  private static final String ROOMS = "io.zublk.daemon.*..";

  private static final DescribedPredicate<JavaClass> KNOW_A_ROOM =
      DescribedPredicate.describe(
          "know a room",
          type ->
              type.getTransitiveDependenciesFromSelf().stream()
                  .map(Dependency::getTargetClass)
                  .anyMatch(JavaClass.Predicates.resideInAPackage(ROOMS)));

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
        .layer("vhost")
        .definedBy("io.zublk.vhost..")
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
        .mayOnlyAccessLayers("uring", "block")
        .whereLayer("vhost")
        .mayOnlyAccessLayers("uring", "block")
        .check(CLASSES);
  }

  @Test
  void roomsDependOnlyAlongTheArrows() {
    layeredArchitecture()
        .consideringOnlyDependenciesInLayers()
        .layer("machine")
        .definedBy("io.zublk.daemon.machine")
        .layer("log")
        .definedBy("io.zublk.daemon.log")
        .layer("settings")
        .definedBy("io.zublk.daemon.settings")
        .layer("transport")
        .definedBy("io.zublk.daemon.transport")
        .layer("registry")
        .definedBy("io.zublk.daemon.registry")
        .layer("control")
        .definedBy("io.zublk.daemon.control")
        .layer("command")
        .definedBy("io.zublk.daemon.command")
        .layer("device")
        .definedBy("io.zublk.daemon.device")
        .layer("launch")
        .definedBy("io.zublk.daemon.launch")
        .whereLayer("machine")
        .mayNotAccessAnyLayer()
        .whereLayer("log")
        .mayNotAccessAnyLayer()
        .whereLayer("settings")
        .mayOnlyAccessLayers("machine")
        .whereLayer("transport")
        .mayOnlyAccessLayers("settings", "machine")
        .whereLayer("registry")
        .mayOnlyAccessLayers("transport", "launch", "machine")
        .whereLayer("control")
        .mayOnlyAccessLayers("machine")
        .whereLayer("command")
        .mayOnlyAccessLayers("control", "registry", "transport", "settings", "machine")
        .whereLayer("device")
        .mayOnlyAccessLayers(
            "command", "control", "registry", "transport", "settings", "log", "machine")
        .whereLayer("launch")
        .mayOnlyAccessLayers("machine")
        .check(CLASSES);
  }

  /** Of the module's public face they may use the words, and not what puts them together. */
  @Test
  void roomsKnowOfTheTopPackageOnlyWhatKnowsNoRoom() {
    ArchRuleDefinition.noClasses()
        .that()
        .resideInAPackage(ROOMS)
        .should()
        .dependOnClassesThat(
            JavaClass.Predicates.resideInAPackage("io.zublk.daemon").and(KNOW_A_ROOM))
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
