package io.zublk.store;

import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** The order of the store's packages: each knows only those before it. */
class ArchitectureTest {

  @Test
  void packagesKnowOnlyThoseBeforeThem() {
    layeredArchitecture()
        .consideringOnlyDependenciesInLayers()
        .layer("file")
        .definedBy("io.zublk.store.file..")
        .layer("table")
        .definedBy("io.zublk.store.table..")
        .layer("arena")
        .definedBy("io.zublk.store.arena..")
        .layer("staging")
        .definedBy("io.zublk.store.staging..")
        .layer("page")
        .definedBy("io.zublk.store.page..")
        .layer("save")
        .definedBy("io.zublk.store.save..")
        .layer("work")
        .definedBy("io.zublk.store.work..")
        .layer("store")
        .definedBy("io.zublk.store")
        .whereLayer("file")
        .mayNotAccessAnyLayer()
        .whereLayer("table")
        .mayOnlyAccessLayers("file")
        .whereLayer("arena")
        .mayOnlyAccessLayers("file")
        .whereLayer("staging")
        .mayOnlyAccessLayers("file", "arena")
        .whereLayer("page")
        .mayOnlyAccessLayers("file", "table", "arena", "staging")
        .whereLayer("save")
        .mayOnlyAccessLayers("file", "table", "page")
        .whereLayer("work")
        .mayOnlyAccessLayers("file", "table", "arena", "staging", "page")
        .whereLayer("store")
        .mayNotBeAccessedByAnyLayer()
        .check(
            new ClassFileImporter()
                .withImportOption(new ImportOption.DoNotIncludeTests())
                .importPackages("io.zublk.store"));
  }
}
