package io.tenantdb.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.database.Database;
import io.tenantdb.model.Change;
import io.tenantdb.model.Finding;
import io.tenantdb.model.IndexBody;
import io.tenantdb.model.IndexTie.Kind;
import io.tenantdb.model.IndexTie.Use;
import io.tenantdb.model.Reason;
import io.tenantdb.model.ReservedName;
import io.tenantdb.testing.RealParts;
import io.tenantdb.testing.RealParts.NativeTimescale;
import io.tenantdb.testing.TimescaleServer;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What only TimescaleDB knows to rest on an index, for us and for what a plan prints. */
@RealParts
class IndexTiesTimescaleIT {

  private static final String RULES = "safety: {onDestructive: Allow, prune: OwnedOnly}\n";
  private static final String DECLARED = indexes("{name: ix, table: batches, columns: [grower]}");
  private static final String ANOTHER =
      indexes("{name: ix, table: batches, columns: [grower, day]}");
  private static final String NO_ORDER =
      indexes("{name: ix, table: batches, columns: [grower], method: hash}");
  private static final String NO_MORE = indexes("{name: ix_kg, table: batches, columns: [kg]}");
  private static final String DAILY =
      """
      aggregates:
      - name: daily
        query: SELECT time_bucket('1 day', day) AS day, sum(kg) AS kg FROM batches GROUP BY 1
        refresh: {every: 1 hour, startOffset: 7 days, endOffset: 1 hour}
      """;

  private final TimescaleServer server;

  IndexTiesTimescaleIT(TimescaleServer server) {
    this.server = server;
  }

  private static String indexes(String index) {
    return RULES + "indexes:\n- " + index + "\n";
  }

  @BeforeEach
  void tenant() {
    server.reset();
    server.execute(
        "DO $$ BEGIN CREATE ROLE ties_owner LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
        "CREATE SCHEMA tenant_a AUTHORIZATION ties_owner",
        "SET ROLE ties_owner",
        "CREATE TABLE tenant_a.batches (gone int, day timestamptz NOT NULL, grower text, kg int)",
        "SELECT create_hypertable('tenant_a.batches', 'day', create_default_indexes => false)",
        // Chunks count their columns otherwise.
        "ALTER TABLE tenant_a.batches DROP COLUMN gone",
        "INSERT INTO tenant_a.batches SELECT now() - i * interval '10 days', 'g', i"
            + " FROM generate_series(1, 3) i",
        "RESET ROLE");
  }

  @ParameterizedTest
  @EnumSource(names = {"REORDER_POLICY", "CLUSTERED_CHUNKS", "REPLICA_IDENTITY"})
  void a_replacement_takes_it_over_or_is_none(Kind kind) throws SQLException {
    pass(DECLARED);
    List<String> script = steps(ANOTHER);
    tie(kind, "ix");
    String oid = oid("ix");
    if (kind.forbids(Use.REPLACE)) {
      assertThat(run(script)).anySatisfy(error -> assertThat(error).contains("rests on"));
      assertThat(pass(ANOTHER).failures())
          .singleElement()
          .satisfies(failure -> assertThat(failure.reason()).isEqualTo(Reason.Conflict));
      assertThat(oid("ix")).isEqualTo(oid);
    } else {
      assertThat(run(script)).isEmpty();
      assertThat(oid("ix")).isNotEqualTo(oid);
      oid = oid("ix");
      assertThat(pass(DECLARED).converged()).isTrue();
      assertThat(oid("ix")).isNotEqualTo(oid);
    }
    assertThat(isTied(kind, "ix")).isTrue();
  }

  @ParameterizedTest
  @EnumSource(names = {"REORDER_POLICY", "CLUSTERED_CHUNKS", "REPLICA_IDENTITY"})
  void its_name_is_given_back_or_it_serves_under_the_one_that_it_has(Kind kind)
      throws SQLException {
    pass(DECLARED);
    server.execute("ALTER INDEX tenant_a.ix RENAME TO elsewhere");
    List<String> script = steps(DECLARED);
    tie(kind, "elsewhere");
    String oid = oid("elsewhere");
    String stays = kind.forbids(Use.RENAME) ? "elsewhere" : "ix";

    assertThat(run(script).isEmpty()).isEqualTo(!kind.forbids(Use.RENAME));
    assertThat(oid(stays)).isEqualTo(oid);

    if (!kind.forbids(Use.RENAME)) {
      server.execute("ALTER INDEX tenant_a.ix RENAME TO elsewhere");
    }
    assertThat(pass(DECLARED).converged()).isTrue();
    assertThat(oid(stays)).isEqualTo(oid);
    assertThat(isTied(kind, stays)).isTrue();
  }

  @ParameterizedTest
  @EnumSource(names = {"REORDER_POLICY", "CLUSTERED_CHUNKS", "REPLICA_IDENTITY"})
  void what_left_the_spec_goes_or_stays_as_it_is(Kind kind) throws SQLException {
    pass(DECLARED);
    pass(NO_MORE.replace(", prune: OwnedOnly", ""));
    List<String> script = steps(NO_MORE);
    tie(kind, "ix");
    String oid = oid("ix");

    assertThat(run(script).isEmpty()).isEqualTo(!kind.forbids(Use.DROP));
    Outcome outcome = pass(NO_MORE);

    assertThat(oid("ix")).isEqualTo(kind.forbids(Use.DROP) ? oid : "");
    assertThat(outcome.converged()).isTrue();
    if (kind.forbids(Use.DROP)) {
      assertThat(outcome.plan().tenants().get(0).findings())
          .extracting(Finding::reason)
          .contains(Reason.LeftSpec);
    }
  }

  @Test
  void chunks_in_order_of_the_policy_s_index_are_no_tie_beside_it() throws SQLException {
    pass(DECLARED);
    tie(Kind.REORDER_POLICY, "ix");
    tie(Kind.CLUSTERED_CHUNKS, "ix");
    String oid = oid("ix");
    converges(ANOTHER);
    assertThat(oid("ix")).isNotEqualTo(oid);
  }

  @Test
  void the_policy_gets_no_index_that_nothing_can_be_ordered_by() {
    pass(DECLARED);
    tie(Kind.REORDER_POLICY, "ix");
    assertThat(pass(NO_ORDER).failures())
        .singleElement()
        .satisfies(
            failure -> {
              assertThat(failure.reason()).isEqualTo(Reason.Conflict);
              assertThat(failure.message()).contains("reorder policy");
            });
  }

  @Test
  void the_index_of_an_aggregate_whose_rows_are_reordered_by_it_stays() throws SQLException {
    String spec = DECLARED + "- {name: ix_kg, table: daily, columns: [%s]}\n" + DAILY;
    pass(spec.formatted("kg"));
    assertThat(pass(spec.formatted("kg")).converged()).isTrue();
    List<String> script = steps(spec.formatted("kg, day"));
    String index =
        query(
                "SELECT indexrelid FROM pg_index WHERE indexrelid::regclass::text LIKE '%.ix\\_kg\\_%' AND indrelid::regclass::text LIKE '%materialized%'")
            .get(0);
    server.execute(
        "DO $$ BEGIN PERFORM add_reorder_policy(x.indrelid::regclass, i.relname) FROM pg_index x"
            + " JOIN pg_class i ON i.oid = x.indexrelid WHERE i.oid = "
            + index
            + "; END $$");
    assertThat(run(script)).anySatisfy(error -> assertThat(error).contains("rests on"));
    assertThat(pass(spec.formatted("kg, day")).failures())
        .singleElement()
        .satisfies(failure -> assertThat(failure.message()).contains("reorder policy"));
    assertThat(query("SELECT 1 FROM pg_class WHERE oid = " + index)).isNotEmpty();
  }

  /** Both indexes cannot be there at once where TimescaleDB knows parts by their structure. */
  @Test
  void an_aggregate_s_index_that_lacks_a_part_is_whole_again() throws SQLException {
    String spec = DECLARED + "- {name: ix_kg, table: daily, columns: [kg]}\n" + DAILY;
    pass(spec);
    assertThat(pass(spec).converged()).isTrue();
    server.execute(
        "DO $$ BEGIN EXECUTE (SELECT 'DROP INDEX ' || min(indexrelid::regclass::text) FROM pg_index"
            + " WHERE indexrelid::regclass::text LIKE '%chunk_ix\\_kg\\_%'); END $$");
    String parts =
        "SELECT count(*) FROM pg_index WHERE indexrelid::regclass::text LIKE '%chunk\\_ix\\_kg%'";
    String lacking = query(parts).get(0);

    assertThat(pass(spec).converged()).isTrue();
    assertThat(query(parts)).doesNotContain(lacking);
    assertThat(plan(spec)).isEmpty();
  }

  /**
   * A chunk that came while two equal indexes were there has one part for both, where TimescaleDB
   * knows parts by their structure. Whichever goes takes it along, and an owner may make none on a
   * chunk itself: the other one is whole again once it is seen.
   */
  @NativeTimescale
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void of_two_equal_indexes_one_goes_and_the_other_is_whole_in_the_end(boolean declared) {
    String spec =
        indexes(
            "{name: ix, table: batches, columns: [grower, day]}\n- {name: iy, table: batches, columns: [grower], where: kg > 0}");
    String twins = spec + "- {name: iz, table: batches, columns: [grower], where: kg > 0}\n";
    converges(declared ? twins : spec);
    if (!declared) {
      String left =
          ReservedName.retired("batches", "ix", new IndexBody(false, "USING btree (kg)"), true)
              .text();
      server.execute("CREATE INDEX \"" + left + "\" ON tenant_a.batches (grower) WHERE kg > 0");
    }
    server.execute("INSERT INTO tenant_a.batches VALUES (now() + interval '1 year', 'g', 1)");

    pass(spec);
    converges(spec);

    assertThat(oid("iz")).isEmpty();
    assertThat(
            query(
                "SELECT count(x.indexrelid) FROM pg_inherits h LEFT JOIN pg_index x ON x.indrelid ="
                    + " h.inhrelid AND x.indpred IS NOT NULL AND x.indisvalid WHERE h.inhparent ="
                    + " 'tenant_a.batches'::regclass GROUP BY h.inhrelid"))
        .hasSize(4)
        .containsOnly("1");
    assertThat(plan(spec)).isEmpty();
  }

  private void tie(Kind kind, String index) {
    String part =
        "(SELECT min(x.indexrelid::regclass::text)::regclass FROM pg_index x"
            + " JOIN pg_inherits h ON h.inhrelid = x.indrelid"
            + " JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attname = 'grower'"
            + " WHERE h.inhparent = 'tenant_a.batches'::regclass AND x.indkey[0] = a.attnum)";
    server.execute(
        switch (kind) {
          case REORDER_POLICY -> "SELECT add_reorder_policy('tenant_a.batches', '" + index + "')";
          case CLUSTERED_CHUNKS ->
              "UPDATE pg_index SET indisclustered = true WHERE indexrelid = " + part;
          case REPLICA_IDENTITY ->
              "UPDATE pg_index SET indisreplident = true WHERE indexrelid = " + part;
          default -> throw new IllegalStateException(kind + " is PostgreSQL's own");
        });
    assertThat(isTied(kind, index)).isTrue();
  }

  private boolean isTied(Kind kind, String index) {
    return !query(
            switch (kind) {
              case REORDER_POLICY ->
                  "SELECT 1 FROM timescaledb_information.jobs WHERE config ->> 'index_name' = '"
                      + index
                      + "'";
              case CLUSTERED_CHUNKS ->
                  "SELECT 1 FROM pg_index x JOIN pg_inherits h ON h.inhrelid = x.indrelid WHERE x.indisclustered";
              default ->
                  "SELECT 1 FROM pg_index x JOIN pg_inherits h ON h.inhrelid = x.indrelid WHERE x.indisreplident";
            })
        .isEmpty();
  }

  private String oid(String index) {
    return String.join(
        "",
        query(
            "SELECT oid FROM pg_class WHERE relnamespace = 'tenant_a'::regnamespace AND relname = '"
                + index
                + "'"));
  }

  private Outcome pass(String spec) {
    try (Database database = EngineTimescaleIT.open(server)) {
      return new Engine().pass(database, Fruit.desired(spec), Gate.OPEN, PassListener.NONE);
    }
  }

  private void converges(String spec) {
    Outcome outcome = pass(spec);
    assertThat(outcome.converged())
        .as("%s %s", outcome.failures(), outcome.plan().tenants().get(0).findings())
        .isTrue();
  }

  private List<Change> plan(String spec) {
    try (Database database = EngineTimescaleIT.open(server)) {
      return new Engine()
          .pass(database, Fruit.desired(spec), Gate.OBSERVE, PassListener.NONE)
          .initial()
          .changes();
    }
  }

  private List<String> steps(String spec) {
    List<String> steps = plan(spec).stream().flatMap(change -> change.steps().stream()).toList();
    assertThat(steps).isNotEmpty();
    return steps;
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
