package io.tenantdb.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.apply.Aggregates;
import io.tenantdb.apply.OldSnapshots;
import io.tenantdb.database.Database;
import io.tenantdb.model.Change;
import io.tenantdb.model.ChangeResult;
import io.tenantdb.model.Desired;
import io.tenantdb.model.MaterializedViewChange.RefreshMaterializedView;
import io.tenantdb.model.Plan;
import io.tenantdb.model.Reason;
import io.tenantdb.model.Target;
import io.tenantdb.model.TenantPlan;
import io.tenantdb.testing.PostgresServer;
import io.tenantdb.testing.RealParts;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Refreshes on a native PostgreSQL. */
@RealParts
class UpkeepIT {

  private static final Instant SLOT = Instant.parse("2026-01-01T10:05:00Z");
  private static final Desired DESIRED = Fruit.desired(Fruit.INDEXES);
  private static final Plan NOTHING = new Plan(List.of(), List.of(), List.of());

  private final PostgresServer server;
  private final List<String> heard = Collections.synchronizedList(new ArrayList<>());
  private final PassListener listener =
      new PassListener() {
        @Override
        public void started(Change change) {
          heard.add("started " + change.target().schema());
        }

        @Override
        public void finished(ChangeResult result) {
          heard.add(result.status() + " " + result.change().target().schema());
        }
      };

  UpkeepIT(PostgresServer server) {
    this.server = server;
  }

  @Test
  void one_after_the_other_in_the_order_of_the_schedule() {
    Fruit fruit = new Fruit(server, "upkeep_order").tenants("tenant_a", "tenant_b");
    try (Database database = fruit.open()) {
      views(database);
      fruit.execute("INSERT INTO tenant_a.batches VALUES (1, now(), 'new', 'received')");

      Rollout.Done done = upkeep(database, Gate.OPEN);

      assertThat(done.changed()).isTrue();
      assertThat(heard)
          .containsExactly(
              "started tenant_b", "DONE tenant_b", "started tenant_a", "DONE tenant_a");
      assertThat(fruit.query("SELECT n FROM tenant_a.growers WHERE grower_id = 'new'"))
          .containsExactly("1");
    }
  }

  @Test
  void a_gate_that_closes_ends_it_before_the_next_one() {
    Fruit fruit = new Fruit(server, "upkeep_gate").tenants("tenant_a", "tenant_b");
    try (Database database = fruit.open()) {
      views(database);

      Rollout.Done done =
          upkeep(
              database,
              change -> heard.isEmpty() ? Optional.empty() : Optional.of(Reason.Progressing));

      assertThat(done.results()).hasSize(1);
      assertThat(heard).containsExactly("started tenant_b", "DONE tenant_b");
    }
  }

  private void views(Database database) {
    List<TenantPlan> plans =
        Stream.of("tenant_a", "tenant_b")
            .map(
                schema ->
                    new TenantPlan(
                        schema,
                        List.of(
                            Aggregates.createView(
                                view(schema),
                                "SELECT grower_id, count(*) AS n FROM batches GROUP BY 1",
                                List.of("grower_id"))),
                        List.of()))
            .toList();
    Rollout.Done done =
        rollout(database, Gate.OPEN, PassListener.NONE, 2)
            .run(new Plan(plans, List.of(), List.of()));
    assertThat(done.results())
        .hasSize(2)
        .allSatisfy(result -> assertThat(result.status()).isEqualTo(ChangeResult.Status.DONE));
  }

  private Rollout.Done upkeep(Database database, Gate gate) {
    List<RefreshMaterializedView> due =
        Stream.of("tenant_b", "tenant_a").map(s -> Aggregates.refresh(view(s), SLOT)).toList();
    return new Upkeep(change -> Optional.empty(), new Outcomes(NOTHING))
        .run(
            new Plan.Upkeep(due, Optional.empty()),
            plan -> rollout(database, gate, listener, 1).run(plan));
  }

  private static Rollout rollout(Database database, Gate gate, PassListener listener, int atOnce) {
    OldSnapshots snapshots = new OldSnapshots(database, OldSnapshots.LIMIT);
    Deferral deferral =
        new Deferral(
            snapshots::blocker, DESIRED.safety().buildTimeout(), listener, System::nanoTime);
    return new Rollout(database, DESIRED, gate, listener, atOnce, snapshots, deferral);
  }

  private static Target view(String schema) {
    return new Target(schema, "growers", schema + "_owner");
  }
}
