package io.tenantdb.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.database.Database;
import io.tenantdb.model.Change;
import io.tenantdb.model.Plan;
import io.tenantdb.testing.RealParts;
import io.tenantdb.testing.TimescaleServer;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a plan prints of hypertables, policies and continuous aggregates, run by hand. */
@RealParts
class ScriptTimescaleIT {

  private static final int RUNS = 6;

  private static final String HYPERTABLE =
      """
      safety: {onDestructive: Allow, prune: OwnedOnly}
      hypertables:
      - table: batches
        timeColumn: intake_date
        convert: WhenEmpty
        chunkInterval: %s
      """;
  private static final String POLICIES =
      """
        compression: {after: %s, segmentBy: [grower_id]}
        retention: {dropAfter: %s, every: 1 day}
      """;
  private static final String REST =
      """
      indexes:
      - {name: ix_grower, table: batches, columns: [%1$s]}
      - {name: ix_day, table: daily, columns: [%2$s]}
      aggregates:
      - name: daily
        query: |
          SELECT time_bucket('1 day', intake_date) AS day, sum(kg) AS kg, count(*) AS found
          FROM batches GROUP BY 1 -- by day
        refresh: {every: %3$s, startOffset: 7 days, endOffset: 1 hour}
      """;

  private final TimescaleServer server;
  private final Set<String> kinds = new LinkedHashSet<>();

  ScriptTimescaleIT(TimescaleServer server) {
    this.server = server;
  }

  @BeforeEach
  void tenant() {
    server.reset();
    server.execute(
        "DO $$ BEGIN CREATE ROLE fruit_owner LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
        "CREATE SCHEMA tenant_a AUTHORIZATION fruit_owner",
        "SET ROLE fruit_owner",
        "CREATE TABLE tenant_a.batches (intake_date timestamptz NOT NULL, grower_id text, kg int)",
        "RESET ROLE");
  }

  @Test
  void every_kind_of_change_has_the_same_effect_by_hand() throws SQLException {
    converge(HYPERTABLE.formatted("7 days"));
    server.execute(
        "INSERT INTO tenant_a.batches SELECT now() - i * interval '1 day', 'g', i"
            + " FROM generate_series(0, 20) i");
    converge(spec("7 days", "30 days", "2 years", "grower_id", "day", "1 hour"));
    assertThat(query("SELECT count(*) > 0 FROM tenant_a.daily")).containsExactly("t");
    assertThat(
            query(
                "SELECT DISTINCT owner::text FROM timescaledb_information.jobs WHERE job_id >= 1000"))
        .containsExactly("fruit_owner");
    converge(spec("14 days", "40 days", "3 years", "grower_id, kg", "day, kg", "2 hours"));
    server.execute(
        "COMMENT ON VIEW tenant_a.daily IS NULL",
        "ALTER MATERIALIZED VIEW tenant_a.daily SET (timescaledb.materialized_only = false)");
    converge(spec("14 days", "40 days", "3 years", "grower_id, kg", "day, kg", "2 hours"));
    server.execute("COMMENT ON VIEW tenant_a.daily IS NULL");
    converge(spec("14 days", "40 days", "3 years", "grower_id, kg", "day, kg", "2 hours"));
    server.execute(
        "COMMENT ON VIEW tenant_a.daily IS 'tenantdb:v1 owner=platform/fruit name=daily table=- spec=feedfeedfeedfeed made filled'");
    converge(HYPERTABLE.formatted("14 days"));
    assertThat(kinds)
        .contains(
            "ConvertTable",
            "SetCompression",
            "SetChunkInterval",
            "AddPolicy",
            "AlterPolicy",
            "CreateIndex",
            "CreateAggregate",
            "FillAggregate",
            "ReplaceIndex",
            "CreateAggregateIndex",
            "ReplaceAggregateIndex",
            "AlterRefreshPolicy",
            "SetMaterializedOnly",
            "MarkAggregate",
            "DropPolicy",
            "DropAggregate",
            "DropIndex");
  }

  @Test
  void what_is_printed_for_all_tenants_finds_a_tenants_own_jobs() throws SQLException {
    converge(spec("7 days", "30 days", "2 years", "grower_id", "day", "1 hour"));
    String changed = spec("7 days", "40 days", "3 years", "grower_id", "day", "2 hours");
    List<String> steps = new ArrayList<>();
    for (Change change : plan(changed).changes()) {
      change
          .anyTenant()
          .steps()
          .forEach(
              step ->
                  steps.add(
                      step.replace("\"<schema>\"", "tenant_a")
                          .replace("<schema>", "tenant_a")
                          .replace("<owner>", "fruit_owner")));
    }
    assertThat(run(steps)).isEmpty();
    assertThat(plan(changed).changes()).isEmpty();
  }

  @Test
  void an_aggregate_that_could_not_be_filled_is_not_said_to_be() throws SQLException {
    converge(HYPERTABLE.formatted("7 days"));
    server.execute(
        "INSERT INTO tenant_a.batches SELECT now() - i * interval '1 day', 'g', i"
            + " FROM generate_series(0, 20) i");
    String spec =
        spec("7 days", "30 days", "2 years", "grower_id", "day", "1 hour")
            .replace("sum(kg) AS kg", "sum(1 / (kg - 10)) AS kg");
    for (int i = 0; i < 3; i++) {
      run(steps(plan(spec)));
    }
    assertThat(query("SELECT obj_description('tenant_a.daily'::regclass)").get(0))
        .startsWith("tenantdb:v1 ")
        .doesNotContain("filled");
    server.execute("DELETE FROM tenant_a.batches WHERE kg = 10");
    converge(spec);
    assertThat(query("SELECT obj_description('tenant_a.daily'::regclass)").get(0))
        .contains(" filled");
  }

  private static String spec(
      String chunks, String compress, String drop, String index, String onDaily, String every) {
    return HYPERTABLE.formatted(chunks)
        + POLICIES.formatted(compress, drop)
        + REST.formatted(index, onDaily, every);
  }

  private void converge(String spec) throws SQLException {
    List<String> errors = List.of();
    for (int i = 0; i < RUNS; i++) {
      Plan plan = plan(spec);
      if (plan.changes().isEmpty()) {
        return;
      }
      plan.changes().forEach(change -> kinds.add(change.kind()));
      errors = run(steps(plan));
    }
    assertThat(plan(spec).changes()).as(errors.toString()).isEmpty();
  }

  private Plan plan(String spec) {
    try (Database database = EngineTimescaleIT.open(server)) {
      return new Engine()
          .pass(database, Fruit.desired(spec), Gate.OBSERVE, PassListener.NONE)
          .initial();
    }
  }

  private static List<String> steps(Plan plan) {
    return plan.changes().stream().flatMap(change -> change.steps().stream()).toList();
  }

  private List<String> run(List<String> steps) throws SQLException {
    List<String> errors = new ArrayList<>();
    try (Connection connection = server.connect();
        Statement statement = connection.createStatement()) {
      statement.setEscapeProcessing(false);
      for (String step : steps) {
        try {
          statement.execute(step);
        } catch (SQLException e) {
          errors.add(e.getMessage() + "\n  in " + step);
        }
      }
    }
    return errors;
  }

  private List<String> query(String sql) {
    try (Connection connection = server.connect();
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      List<String> out = new ArrayList<>();
      while (rows.next()) {
        out.add(rows.getString(1));
      }
      return out;
    } catch (SQLException e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
  }
}
