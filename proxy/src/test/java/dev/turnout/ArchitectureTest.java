package dev.turnout;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static java.util.Map.entry;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.core.JsonGenerator;

/// The package table of ARCHITECTURE.md, as a test. Think about the layering before editing it.
class ArchitectureTest {
  private static final Map<String, Set<String>> MAY_USE =
      Map.ofEntries(
          entry("json", Set.of()), // a module of its own
          entry("ctl", Set.of("json")), // a program of its own: the node never loads it
          entry("metrics", Set.of()),
          entry("log", Set.of()),
          entry("config", Set.of()),
          entry("net", Set.of("json", "metrics", "log")),
          entry("upstream", Set.of("metrics", "log", "config")),
          entry("cluster", Set.of("json", "net", "upstream", "config", "metrics", "log")),
          entry("http", Set.of("json", "net", "upstream", "config", "cluster", "metrics", "log")),
          entry(
              "control", Set.of("http", "upstream", "cluster", "net", "config", "metrics", "log")),
          entry("autoscaler", Set.of("json")), // a module of its own
          entry(
              "loadgen", Set.of("autoscaler", "json")), // another, only installed with the program
          entry(
              "scale",
              Set.of(
                  "json",
                  "autoscaler",
                  "control",
                  "http",
                  "upstream",
                  "cluster",
                  "net",
                  "config",
                  "metrics",
                  "log")),
          entry(
              "admin",
              Set.of(
                  "json",
                  "discovery",
                  "scale",
                  "control",
                  "http",
                  "upstream",
                  "cluster",
                  "net",
                  "config",
                  "metrics",
                  "log")),
          entry(
              "discovery",
              Set.of(
                  "json",
                  "control",
                  "http",
                  "upstream",
                  "cluster",
                  "net",
                  "config",
                  "metrics",
                  "log")),
          entry(
              "lua",
              Set.of("control", "http", "upstream", "cluster", "net", "config", "metrics", "log")),
          entry(
              "app",
              Set.of(
                  "admin",
                  "discovery",
                  "lua",
                  "scale",
                  "control",
                  "http",
                  "upstream",
                  "cluster",
                  "net",
                  "config",
                  "metrics",
                  "log")));

  private static final JavaClasses PRODUCT =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .withImportOption(location -> !location.contains("testkit"))
          .importPackages("dev.turnout");

  @TestFactory
  Stream<DynamicTest> eachPackageUsesOnlyWhatTheTableAllows() {
    return MAY_USE.entrySet().stream()
        .map(row -> dynamicTest(row.getKey(), () -> check(row.getKey(), row.getValue())));
  }

  private static void check(String layer, Set<String> mayUse) {
    String[] allowed =
        Stream.concat(Stream.of(layer), mayUse.stream())
            .map(name -> "dev.turnout." + name + "..")
            .toArray(String[]::new);
    classes()
        .that()
        .resideInAPackage("dev.turnout." + layer + "..")
        .should()
        .onlyDependOnClassesThat(
            resideOutsideOfPackage("dev.turnout..").or(resideInAnyPackage(allowed)))
        .allowEmptyShould(true)
        .check(PRODUCT);
  }

  @Test
  void packagesFormNoCycle() {
    slices().matching("dev.turnout.(*)..").should().beFreeOfCycles().check(PRODUCT);
  }

  @Test
  void everyClassLivesInAPackageOfTheTable() {
    String[] known =
        MAY_USE.keySet().stream().map(n -> "dev.turnout." + n + "..").toArray(String[]::new);
    classes().should().resideInAnyPackage(known).check(PRODUCT);
  }

  @Test
  void ofTheLibraryForJsonOthersSeeTheWriterAlone() {
    noClasses()
        .that()
        .resideOutsideOfPackage("dev.turnout.json..")
        .should()
        .dependOnClassesThat(
            resideInAPackage("tools.jackson..").and(not(type(JsonGenerator.class))))
        .check(PRODUCT);
  }

  @Test
  void theControlPlaneSeesNoNettyTypes() {
    noClasses()
        .that()
        .resideInAnyPackage(
            "dev.turnout.config..",
            "dev.turnout.upstream..",
            "dev.turnout.cluster..",
            "dev.turnout.metrics..",
            "dev.turnout.log..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("io.netty..")
        .check(PRODUCT);
  }
}
