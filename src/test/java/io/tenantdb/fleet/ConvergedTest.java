package io.tenantdb.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.model.Declaration;
import io.tenantdb.model.Declaration.Kind;
import io.tenantdb.model.Desired;
import io.tenantdb.model.Observed;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.ObservedTenant;
import io.tenantdb.model.Plan;
import io.tenantdb.model.ServerInfo;
import io.tenantdb.model.ServerInfo.Edition;
import io.tenantdb.model.ServerInfo.Timescale;
import io.tenantdb.model.TenantPlan;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What of a spec tenants are known to have had, within one process and over the next. */
class ConvergedTest {

  private static final Desired DESIRED = desired(List.of());
  private static final Desired OTHER = desired(List.of("public"));
  private static final Declaration INTAKE = index("ix_intake", "0000000000000001");
  private static final Declaration GROWER = index("ix_grower", "0000000000000002");

  private final Map<String, Long> tables = new TreeMap<>(Map.of("tenant_a", 1L));
  private Timescale timescale = new Timescale(Edition.NONE, Optional.empty(), Optional.empty());
  private String system = "7300000000000000001";
  private Converged converged = new Converged();

  private static Desired desired(List<String> schemas) {
    Desired fruit = Fruit.selecting(schemas, Duration.ZERO);
    return new Desired(
        fruit.ownerId(),
        fruit.tenants(),
        fruit.indexes().stream().filter(index -> index.table().equals("batches")).toList(),
        List.of(),
        List.of(),
        List.of(),
        fruit.whenTimescaleMissing(),
        fruit.safety());
  }

  private static Declaration index(String name, String spec) {
    return new Declaration(Kind.INDEX, "batches", name, spec);
  }

  @Test
  void what_was_as_declared_once_is_remembered_though_it_is_gone() {
    look(DESIRED, Map.of("tenant_a", Set.of(INTAKE)));
    look(DESIRED, Map.of("tenant_a", Set.of()));

    assertThat(had("tenant_a", INTAKE)).isTrue();
    assertThat(had("tenant_a", GROWER)).isFalse();
    assertThat(had("tenant_a", index("ix_intake", "0000000000000009"))).isFalse();
  }

  @Test
  void a_table_that_was_made_anew_has_had_nothing() {
    look(DESIRED, Map.of("tenant_a", Set.of(INTAKE)));
    tables.put("tenant_a", 2L);
    look(DESIRED, Map.of("tenant_a", Set.of()));

    assertThat(had("tenant_a", INTAKE)).isFalse();
  }

  @Test
  void another_spec_keeps_what_it_declares_too_and_forgets_the_rest() {
    look(DESIRED, Map.of("tenant_a", Set.of(INTAKE, GROWER)));
    // A plan of the other spec finds or asks for what that declares.
    look(OTHER, Map.of("tenant_a", Set.of(INTAKE)));
    assertThat(had("tenant_a", INTAKE)).isTrue();
    assertThat(had("tenant_a", GROWER)).isFalse();

    look(OTHER, Map.of());
    look(DESIRED, Map.of());
    assertThat(had("tenant_a", INTAKE)).isTrue();
    assertThat(had("tenant_a", GROWER)).isFalse();
  }

  @Test
  void another_timescaledb_forgets_all() {
    look(DESIRED, Map.of("tenant_a", Set.of(INTAKE)));
    timescale = new Timescale(Edition.COMMUNITY, Optional.of("2.22.1"), Optional.of("public"));
    look(DESIRED, Map.of("tenant_a", Set.of()));

    assertThat(had("tenant_a", INTAKE)).isFalse();
  }

  @Test
  void a_tenant_that_left_the_selection_and_came_back_has_had_nothing() {
    look(DESIRED, Map.of("tenant_a", Set.of(INTAKE)));
    tables.remove("tenant_a");
    tables.put("tenant_b", 5L);
    look(DESIRED, Map.of());
    tables.put("tenant_a", 1L);
    look(DESIRED, Map.of());

    assertThat(had("tenant_a", INTAKE)).isFalse();
  }

  @Test
  void the_next_process_knows_it_too_and_so_does_the_one_after() {
    tables.put("tenant_b", 2L);
    look(DESIRED, Map.of("tenant_a", Set.of(INTAKE, GROWER), "tenant_b", Set.of(INTAKE)));

    restart();
    look(DESIRED, Map.of("tenant_a", Set.of(INTAKE), "tenant_b", Set.of(INTAKE)));
    assertThat(had("tenant_a", INTAKE)).isTrue();
    assertThat(had("tenant_b", INTAKE)).isTrue();
    assertThat(had("tenant_b", GROWER)).isFalse();

    restart();
    look(DESIRED, Map.of());
    assertThat(had("tenant_a", INTAKE)).isTrue();
    assertThat(had("tenant_b", INTAKE)).isTrue();
  }

  @Test
  void a_tenant_that_an_earlier_process_knew_has_settled() {
    look(DESIRED, Map.of("tenant_a", Set.of(INTAKE)));
    assertThat(converged.recalls(tenant("tenant_a"))).isFalse();

    restart();
    look(DESIRED, Map.of());
    assertThat(converged.recalls(tenant("tenant_a"))).isTrue();
    tables.put("tenant_a", 9L);
    assertThat(converged.recalls(tenant("tenant_a"))).isFalse();
  }

  @Test
  void what_never_was_is_not_taken_for_dropped() {
    for (int i = 0; i < 1000; i++) {
      tables.put("tenant_" + i, 100L + i);
    }
    Map<String, Set<Declaration>> had = new TreeMap<>();
    tables.keySet().forEach(schema -> had.put(schema, Set.of(INTAKE, GROWER)));
    had.put("tenant_17", Set.of(INTAKE));
    had.put("tenant_18", Set.of());
    look(DESIRED, had);

    restart();
    look(DESIRED, Map.of());

    assertThat(tables.keySet())
        .allSatisfy(
            schema -> {
              boolean whole = had.get(schema).size() == 2;
              assertThat(had(schema, INTAKE)).as(schema).isEqualTo(whole);
              assertThat(had(schema, GROWER)).as(schema).isEqualTo(whole);
            });
  }

  @Test
  void tenants_that_came_or_were_made_anew_meanwhile_make_it_silent_on_few_others() {
    for (int i = 0; i < 1000; i++) {
      tables.put("tenant_" + i, 100L + i);
    }
    Map<String, Set<Declaration>> had = new TreeMap<>();
    tables.keySet().forEach(schema -> had.put(schema, Set.of(INTAKE)));
    look(DESIRED, had);

    restart();
    tables.put("tenant_new", 5000L);
    tables.put("tenant_17", 5001L);
    tables.remove("tenant_18");
    look(DESIRED, Map.of());

    assertThat(had("tenant_new", INTAKE)).isFalse();
    assertThat(had("tenant_17", INTAKE)).isFalse();
    assertThat(tables.keySet().stream().filter(schema -> had(schema, INTAKE)).count())
        .isGreaterThan(950);
  }

  @Test
  void where_many_tenants_lack_something_it_is_silent_on_that_alone() {
    Map<String, Set<Declaration>> had = new TreeMap<>();
    for (int i = 0; i < 100; i++) {
      tables.put("tenant_" + i, 100L + i);
      had.put("tenant_" + i, i < 40 ? Set.of(INTAKE) : Set.of(INTAKE, GROWER));
    }
    look(DESIRED, had);

    restart();
    look(DESIRED, Map.of());

    assertThat(had("tenant_50", INTAKE)).isTrue();
    assertThat(had("tenant_10", INTAKE)).isTrue();
    assertThat(had("tenant_50", GROWER)).isFalse();
  }

  @Test
  void of_another_database_or_timescaledb_nothing_is_recalled() {
    look(DESIRED, Map.of("tenant_a", Set.of(INTAKE)));
    restart();
    system = "7300000000000000002";
    look(DESIRED, Map.of());
    assertThat(had("tenant_a", INTAKE)).isFalse();

    system = "7300000000000000001";
    look(DESIRED, Map.of("tenant_a", Set.of(INTAKE)));
    restart();
    timescale = new Timescale(Edition.COMMUNITY, Optional.of("2.22.1"), Optional.of("public"));
    look(DESIRED, Map.of());
    assertThat(had("tenant_a", INTAKE)).isFalse();
  }

  @Test
  void another_spec_ends_what_was_recalled() {
    look(DESIRED, Map.of("tenant_a", Set.of(INTAKE)));
    restart();
    look(DESIRED, Map.of());
    assertThat(had("tenant_a", INTAKE)).isTrue();

    look(OTHER, Map.of());
    look(DESIRED, Map.of());
    assertThat(had("tenant_a", INTAKE)).isFalse();
  }

  @Test
  void a_tenant_without_a_declared_table_is_vouched_for_by_nobody_and_keeps_nobody_from_it() {
    tables.put("tenant_waiting", -1L);
    look(DESIRED, Map.of("tenant_a", Set.of(INTAKE)));
    restart();
    tables.put("tenant_waiting_too", -1L);
    look(DESIRED, Map.of());

    assertThat(had("tenant_a", INTAKE)).isTrue();
  }

  @Test
  void nothing_is_said_where_nothing_was_as_declared() {
    look(DESIRED, Map.of("tenant_a", Set.of()));

    assertThat(converged.convergence(DESIRED, observed())).isEmpty();
  }

  @Test
  void it_stays_small_whatever_the_fleet() {
    Map<String, Set<Declaration>> had = new TreeMap<>();
    Set<Declaration> all =
        Set.copyOf(
            IntStream.range(0, 500).mapToObj(i -> index("ix_" + i, "0000000000000001")).toList());
    for (int i = 0; i < 5000; i++) {
      tables.put("tenant_" + i, 100L + i);
      had.put("tenant_" + i, i < 15 ? Set.of() : all);
    }
    look(DESIRED, had);

    Convergence word = converged.convergence(DESIRED, observed()).orElseThrow();
    assertThat(word.declarations()).hasSizeLessThanOrEqualTo(2048);
    assertThat(word.digests()).hasSizeLessThanOrEqualTo(2048);
    assertThat(word.except()).hasSizeLessThanOrEqualTo(20);
  }

  @Test
  void word_that_cannot_be_read_says_nothing() {
    look(DESIRED, Map.of("tenant_a", Set.of(INTAKE)));
    Convergence word = converged.convergence(DESIRED, observed()).orElseThrow();
    for (String digests : List.of("", "AAA", word.digests() + word.digests() + word.digests())) {
      converged = new Converged();
      converged.recall(
          new Convergence(word.database(), word.declarations(), word.except(), digests));
      look(DESIRED, Map.of());
      assertThat(had("tenant_a", INTAKE)).isFalse();
    }
  }

  private void restart() {
    Convergence word = converged.convergence(DESIRED, observed()).orElseThrow();
    converged = new Converged();
    converged.recall(word);
  }

  /** Looks, and finds that as declared; what was asked for and had been is among it. */
  private void look(Desired desired, Map<String, Set<Declaration>> asDeclared) {
    Observed observed = observed();
    converged.look(desired, observed);
    List<TenantPlan> plans = new ArrayList<>();
    for (ObservedTenant tenant : observed.tenants().values()) {
      Set<Declaration> known = new HashSet<>();
      known.addAll(asDeclared.getOrDefault(tenant.schema(), Set.of()));
      if (desired.equals(DESIRED)) {
        List.of(INTAKE, GROWER).stream()
            .filter(declaration -> converged.had(tenant, declaration))
            .forEach(known::add);
      }
      plans.add(new TenantPlan(tenant.schema(), List.of(), List.of(), known));
    }
    converged.planned(observed, new Plan(plans, List.of(), List.of()));
  }

  private boolean had(String schema, Declaration declaration) {
    return converged.had(tenant(schema), declaration);
  }

  private ObservedTenant tenant(String schema) {
    return observed().tenants().get(schema);
  }

  private Observed observed() {
    TreeMap<String, ObservedTenant> tenants = new TreeMap<>();
    tables.forEach(
        (schema, oid) ->
            tenants.put(
                schema,
                new ObservedTenant(
                    schema,
                    oid < 0 ? Map.of() : Map.of("batches", table(oid)),
                    Map.of(),
                    "",
                    Set.of())));
    ServerInfo server =
        new ServerInfo(
            "18", 180000, timescale, Optional.of(system), 1, true, "operator", false, true, true);
    return new Observed(server, SightingsTest.T0, tenants, Set.of(), Map.of(), Map.of());
  }

  private static ObservedTable table(long oid) {
    return new ObservedTable(
        oid,
        "batches",
        ObservedTable.Kind.ORDINARY,
        "owner",
        "a",
        "",
        0,
        false,
        List.of(),
        false,
        List.of(),
        Optional.empty());
  }
}
