package io.tenantdb;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.conditions.ArchConditions;
import com.tngtech.archunit.lang.syntax.elements.GivenClassesConjunction;
import java.time.Clock;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZonedDateTime;
import java.util.Date;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * The arrows of the house: which room may know which. A room that is still empty breaks nothing.
 */
class HouseTest {

  private static final JavaClasses HOUSE =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("io.tenantdb");

  private static final String MAIN = "io.tenantdb";
  private static final String CLI = "io.tenantdb.cli..";
  private static final String OPERATOR = "io.tenantdb.operator..";
  private static final String FLEET = "io.tenantdb.fleet..";
  private static final String APPLY = "io.tenantdb.apply..";
  private static final String PLAN = "io.tenantdb.plan..";
  private static final String CANONICAL = "io.tenantdb.canonical..";
  private static final String OBSERVE = "io.tenantdb.observe..";
  private static final String DESIRED = "io.tenantdb.desired..";
  private static final String DATABASE = "io.tenantdb.database..";
  private static final String MODEL = "io.tenantdb.model..";
  private static final String API = "io.tenantdb.api..";

  @Test
  void imports_point_down_only() {
    check(
        layeredArchitecture()
            .consideringOnlyDependenciesInAnyPackage("io.tenantdb..")
            .withOptionalLayers(true)
            .layer("main")
            .definedBy(MAIN)
            .layer("faces")
            .definedBy(CLI, OPERATOR)
            .layer("fleet")
            .definedBy(FLEET)
            .layer("work")
            .definedBy(APPLY, PLAN, CANONICAL, OBSERVE, DESIRED)
            .layer("database")
            .definedBy(DATABASE)
            .layer("records")
            .definedBy(MODEL, API)
            .whereLayer("main")
            .mayNotBeAccessedByAnyLayer()
            .whereLayer("faces")
            .mayOnlyBeAccessedByLayers("main")
            .whereLayer("fleet")
            .mayOnlyBeAccessedByLayers("main", "faces")
            .whereLayer("work")
            .mayOnlyBeAccessedByLayers("main", "faces", "fleet")
            .whereLayer("database")
            .mayOnlyBeAccessedByLayers("main", "faces", "fleet", "work"));
  }

  @Test
  void the_two_faces_do_not_know_each_other() {
    check(noClasses().that().resideInAPackage(CLI).should(dependOn(OPERATOR)));
    check(noClasses().that().resideInAPackage(OPERATOR).should(dependOn(CLI)));
  }

  @Test
  void the_working_rooms_meet_in_the_model_only() {
    List<String> rooms = List.of(APPLY, PLAN, CANONICAL, OBSERVE, DESIRED);
    for (String room : rooms) {
      String[] others = rooms.stream().filter(other -> !other.equals(room)).toArray(String[]::new);
      check(noClasses().that().resideInAPackage(room).should(dependOn(others)));
    }
  }

  @Test
  void plan_knows_the_model_only() {
    check(ofOursOnly(PLAN, PLAN, MODEL));
  }

  @Test
  void desired_knows_the_model_and_the_resource_only() {
    check(ofOursOnly(DESIRED, DESIRED, MODEL, API));
  }

  @Test
  void the_model_and_the_resource_know_nothing_of_ours() {
    check(ofOursOnly(MODEL, MODEL));
    check(ofOursOnly(API, API));
  }

  @Test
  void of_the_working_rooms_only_desired_reads_the_resource() {
    check(
        noClasses()
            .that()
            .resideInAnyPackage(PLAN, CANONICAL, OBSERVE, APPLY, DATABASE, MODEL)
            .should(dependOn(API)));
  }

  @Test
  void plan_desired_and_model_know_neither_jdbc_nor_kubernetes() {
    check(
        noClasses()
            .that()
            .resideInAnyPackage(PLAN, DESIRED, MODEL)
            .should(
                dependOn(
                    "java.sql..",
                    "javax.sql..",
                    "org.postgresql..",
                    "com.zaxxer..",
                    "io.fabric8..",
                    "io.javaoperatorsdk..")));
  }

  @Test
  void only_the_operator_and_the_cli_know_kubernetes() {
    check(
        noClasses()
            .that()
            .resideOutsideOfPackages(MAIN, OPERATOR, CLI, API)
            .should(dependOn("io.fabric8..", "io.javaoperatorsdk..")));
  }

  @Test
  void plan_desired_and_model_have_no_clock() {
    for (Class<?> type :
        List.of(
            Instant.class,
            LocalDate.class,
            LocalDateTime.class,
            OffsetDateTime.class,
            ZonedDateTime.class)) {
      check(pure().should().callMethod(type, "now"));
    }
    check(pure().should().dependOnClassesThat().areAssignableTo(Clock.class));
    check(pure().should().callMethod(System.class, "currentTimeMillis"));
    check(pure().should().callMethod(System.class, "nanoTime"));
    check(pure().should().callConstructor(Date.class));
  }

  private static GivenClassesConjunction pure() {
    return noClasses().that().resideInAnyPackage(PLAN, DESIRED, MODEL);
  }

  private static ArchCondition<JavaClass> dependOn(String... packages) {
    return ArchConditions.dependOnClassesThat(resideInAnyPackage(packages));
  }

  private static ArchRule ofOursOnly(String room, String... known) {
    return classes()
        .that()
        .resideInAPackage(room)
        .should()
        .onlyDependOnClassesThat(
            resideInAnyPackage(known).or(resideInAPackage("io.tenantdb..").negate()));
  }

  private static void check(ArchRule rule) {
    rule.allowEmptyShould(true).check(HOUSE);
  }
}
