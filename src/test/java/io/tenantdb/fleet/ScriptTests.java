package io.tenantdb.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.fleet.Hand.Fault;
import io.tenantdb.model.Change;
import io.tenantdb.model.Desired;
import io.tenantdb.testing.PostgresServer;
import io.tenantdb.testing.RealParts;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a plan prints has the effect of what we run, and is as safe, whatever the client does. */
@RealParts
abstract class ScriptTests {

  private static final int RUNS = 4;
  private static final String DISTURBED = "batches.ix_lower";

  private final PostgresServer server;

  ScriptTests(PostgresServer server) {
    this.server = server;
  }

  @ParameterizedTest
  @EnumSource(IndexScenario.class)
  void run_by_hand_it_leaves_nothing_to_be_done(IndexScenario scenario) throws SQLException {
    Fruit fruit = fruit("whole", scenario);
    Hand hand = new Hand(fruit);
    scenario.prepare(fruit);
    Desired desired = Fruit.desired(scenario.after());
    assertThat(hand.run(hand.steps(desired))).isEmpty();
    assertThat(hand.planned(desired)).isEmpty();
    assertThat(fruit.validIndexes()).isEqualTo(scenario.expected());
    assertThat(fruit.leftovers()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(IndexScenario.class)
  void a_fault_at_any_step_takes_no_index_away_and_the_next_script_goes_on(IndexScenario scenario)
      throws SQLException {
    Fruit fruit = fruit("faults", scenario);
    Hand hand = new Hand(fruit);
    Desired desired = Fruit.desired(scenario.after());
    scenario.prepare(fruit);
    int[] steps = stepsOf(DISTURBED, hand.planned(desired));
    for (Fault fault : Fault.values()) {
      for (int at : steps) {
        scenario.prepare(fruit);
        List<String> script = hand.steps(desired);
        if (fault == Fault.IS_CANCELLED && !script.get(at).contains("INDEX CONCURRENTLY")) {
          continue;
        }
        String when = fault + " at " + script.get(at);
        List<String> serving = new ArrayList<>(fruit.validIndexes());
        serving.retainAll(scenario.expected());
        List<String> broken = brokenNames(fruit);

        hand.run(script, at, fault);

        assertThat(fruit.validIndexes()).as(when).containsAll(serving);
        assertThat(broken).as(when).containsAll(brokenNames(fruit));
        converges(hand, desired, when);
        assertThat(fruit.validIndexes()).as(when).isEqualTo(scenario.expected());
        assertThat(fruit.leftovers()).as(when).isEmpty();
      }
    }
  }

  @Test
  void duplicates_leave_the_index_that_serves_as_it_is() throws SQLException {
    Fruit fruit = new Fruit(server, "script_duplicates").tenants("tenant_a");
    fruit.execute("CREATE INDEX ix_grower ON tenant_a.batches (grower_id)");
    Desired desired =
        Fruit.desired(
            """
            safety: {onDestructive: Allow}
            indexes:
            - {name: ix_grower, table: batches, columns: [grower_id], unique: true}
            """);
    Hand hand = new Hand(fruit);
    List<String> script = hand.steps(desired);
    assertThat(hand.run(script))
        .anySatisfy(error -> assertThat(error).contains("could not create unique index"))
        .anySatisfy(error -> assertThat(error).contains("it is not published"));
    assertThat(fruit.validIndexes()).containsExactly("tenant_a.ix_grower");
    fruit.execute("DELETE FROM tenant_a.batches WHERE id > 10");
    assertThat(hand.run(script)).as("the same once more").isEmpty();
    assertThat(hand.planned(desired)).isEmpty();
    assertThat(fruit.leftovers()).isEmpty();
  }

  @Test
  void what_rests_on_the_old_index_by_now_keeps_it() throws SQLException {
    Fruit fruit = new Fruit(server, "script_ties").tenants("tenant_a");
    fruit.execute("CREATE UNIQUE INDEX ix_id ON tenant_a.batches (id)");
    Desired desired =
        Fruit.desired(
            """
            safety: {onDestructive: Allow}
            indexes:
            - {name: ix_id, table: batches, columns: [id, intake_date]}
            """);
    Hand hand = new Hand(fruit);
    List<String> script = hand.steps(desired);
    fruit.execute("CREATE TABLE tenant_a.crates (batch bigint REFERENCES tenant_a.batches (id))");
    assertThat(hand.run(script)).anySatisfy(error -> assertThat(error).contains("rests on"));
    assertThat(
            fruit.query(
                "SELECT indisunique FROM pg_index WHERE indexrelid = 'tenant_a.ix_id'::regclass"))
        .containsExactly("t");
  }

  @Test
  void what_a_person_wrote_since_is_kept() throws SQLException {
    Fruit fruit = new Fruit(server, "script_comment").tenants("tenant_a");
    fruit.execute("CREATE INDEX ix_id ON tenant_a.batches (id)");
    Desired desired = Fruit.desired("indexes:\n- {name: ix_id, table: batches, columns: [id]}\n");
    Hand hand = new Hand(fruit);
    List<String> script = hand.steps(desired);
    fruit.execute("COMMENT ON INDEX tenant_a.ix_id IS 'for the monthly report'");
    assertThat(hand.run(script)).hasSize(1).first().asString().contains("another comment");
    assertThat(hand.run(hand.steps(desired))).isEmpty();
    assertThat(hand.planned(desired)).isEmpty();
    assertThat(fruit.query("SELECT obj_description('tenant_a.ix_id'::regclass)").get(0))
        .startsWith("tenantdb:v1 ")
        .endsWith("\nfor the monthly report");
  }

  private static final Desired BY_GROWER =
      Partitioned.desired(
          "{name: ix_grower, table: batches, columns: [grower]}",
          "{name: ix_day, table: batches, keys: [{expression: \"extract(year FROM day)\", statistics: 300}]}");

  @Test
  void parts_whose_names_are_taken_get_others() throws SQLException {
    Partitioned table = new Partitioned(server, "script_repair");
    Hand hand = new Hand(table.fruit);
    assertThat(hand.run(hand.steps(BY_GROWER))).isEmpty();
    assertThat(hand.planned(BY_GROWER)).isEmpty();
    for (int i = 0; i < 3; i++) {
      table.fruit.execute(
          "UPDATE pg_index SET indisvalid = false WHERE indexrelid ="
              + " (SELECT inhrelid FROM pg_inherits WHERE inhparent = 'tenant_a.ix_grower'::regclass"
              + " ORDER BY inhrelid LIMIT 1)");
      assertThat(hand.planned(BY_GROWER)).extracting(Change::kind).containsExactly("RepairIndex");
      assertThat(hand.run(hand.steps(BY_GROWER))).isEmpty();
      assertThat(hand.planned(BY_GROWER)).isEmpty();
      assertThat(table.parts("ix_grower")).hasSize(Partitioned.LEAVES);
      assertThat(table.fruit.leftovers()).isEmpty();
    }
  }

  @Test
  void a_fault_at_any_step_of_a_partitioned_build_builds_no_part_twice() throws SQLException {
    int[] steps = {0};
    for (Fault fault : List.of(Fault.FAILS, Fault.IS_THE_LAST)) {
      for (int i = 0; i < steps.length; i++) {
        Partitioned table =
            new Partitioned(server, "script_" + fault.name().toLowerCase(Locale.ROOT) + "_" + i);
        Hand hand = new Hand(table.fruit);
        List<String> script = hand.steps(BY_GROWER);
        steps = stepsOf("batches.ix_grower", hand.planned(BY_GROWER));
        int at = steps[i];
        String when = fault + " at " + script.get(at);
        hand.run(script, at, fault);
        assertThat(table.valid("ix_grower")).as(when).doesNotContain("f");
        List<String> parts =
            table.fruit.query(
                "SELECT x.indexrelid FROM pg_index x JOIN pg_inherits h ON h.inhrelid ="
                    + " x.indexrelid WHERE x.indisvalid");

        converges(hand, BY_GROWER, when);
        assertThat(table.parts("ix_grower")).as(when).hasSize(Partitioned.LEAVES);
        assertThat(table.parts("ix_day")).as(when).hasSize(Partitioned.LEAVES);
        assertThat(table.fruit.leftovers()).as(when).isEmpty();
        assertThat(table.fruit.query("SELECT indexrelid FROM pg_index"))
            .as(when)
            .containsAll(parts);
      }
    }
  }

  @Test
  void a_materialized_view_is_made_as_declared_or_not_at_all() throws SQLException {
    Fruit fruit = new Fruit(server, "script_view").tenants("tenant_a");
    Desired desired =
        Fruit.desired(
            """
            aggregates:
            - name: daily
              query: SELECT time_bucket('1 day', intake_date) AS day, count(*) AS found FROM batches GROUP BY 1
              fallback: MaterializedView
              fallbackQuery: |
                SELECT date_trunc('day', intake_date) AS day, count(*) AS found
                FROM batches GROUP BY 1 -- by day
              uniqueColumns: [day]
              refresh: {every: 1 hour, startOffset: 7 days, endOffset: 1 hour}
            """);
    Hand hand = new Hand(fruit);
    List<String> script = hand.steps(desired);
    assertThat(script).hasSize(1);
    fruit.execute("CREATE VIEW tenant_a.daily_key AS SELECT 1");
    assertThat(hand.run(script)).hasSize(1);
    assertThat(fruit.query("SELECT matviewname FROM pg_matviews")).isEmpty();
    fruit.execute("DROP VIEW tenant_a.daily_key");
    assertThat(hand.run(script)).isEmpty();
    assertThat(hand.planned(desired)).isEmpty();
    assertThat(fruit.query("SELECT matviewowner FROM pg_matviews WHERE matviewname = 'daily'"))
        .containsExactly("tenant_a_owner");
  }

  /** Which steps of all are the change's, without those that only set something. */
  private static int[] stepsOf(String object, List<Change> changes) {
    List<Integer> found = new ArrayList<>();
    int nth = 0;
    for (Change change : changes) {
      for (String step : change.steps()) {
        if (change.object().equals(object) && !step.matches("(?s)(SET|RESET) .*")) {
          found.add(nth);
        }
        nth++;
      }
    }
    assertThat(found).isNotEmpty();
    return found.stream().mapToInt(i -> i).toArray();
  }

  private Fruit fruit(String name, IndexScenario scenario) {
    return new Fruit(server, "script_" + name + "_" + scenario.name().toLowerCase(Locale.ROOT));
  }

  private static void converges(Hand hand, Desired desired, String when) throws SQLException {
    List<String> errors = List.of();
    for (int run = 0; run < RUNS; run++) {
      List<String> script = hand.steps(desired);
      if (script.isEmpty()) {
        return;
      }
      errors = hand.run(script);
    }
    assertThat(hand.planned(desired)).as("%s, and then %s", when, errors).isEmpty();
  }

  /** Names that are not reserved and that an invalid index bears. */
  private static List<String> brokenNames(Fruit fruit) {
    return fruit.leftovers().stream().filter(name -> !name.contains("._tdb_")).toList();
  }
}
