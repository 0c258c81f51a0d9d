package io.tenantdb.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.database.Database;
import io.tenantdb.testing.RealParts;
import io.tenantdb.testing.TimescaleServer;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Names that change hands where there are chunks and continuous aggregates. */
@RealParts
class NamesTimescaleIT {

  private static final String PRUNE = "safety: {onDestructive: Allow, prune: OwnedOnly}\n";
  private static final String HYPERTABLE =
      """
      hypertables:
      - {table: batches, timeColumn: intake_date, convert: WhenEmpty}
      """;

  private final TimescaleServer server;
  private final Engine engine = new Engine();

  NamesTimescaleIT(TimescaleServer server) {
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
  void an_index_of_a_hypertable_that_the_spec_renames_keeps_its_parts() {
    for (String safety : List.of("", PRUNE)) {
      tenant();
      chunks();
      try (Database database = EngineTimescaleIT.open(server)) {
        pass(database, HYPERTABLE + index("ix_a", "grower_id") + safety);
        Outcome outcome = pass(database, HYPERTABLE + index("ix_b", "grower_id") + safety);

        assertThat(outcome.failures()).isEmpty();
        assertThat(outcome.converged()).isTrue();
        chunk("2026-04-01");
        assertThat(parts("ix_b")).as("a chunk that comes later too").isGreaterThanOrEqualTo(4);
        assertThat(pass(database, HYPERTABLE + index("ix_b", "grower_id") + safety).results())
            .isEmpty();
      }
    }
  }

  @Test
  void two_indexes_of_a_hypertable_whose_names_the_spec_swaps_keep_their_parts() {
    chunks();
    String before = index("ix_a", "grower_id") + "- {name: ix_b, table: batches, columns: [kg]}\n";
    String after = index("ix_b", "grower_id") + "- {name: ix_a, table: batches, columns: [kg]}\n";
    try (Database database = EngineTimescaleIT.open(server)) {
      pass(database, HYPERTABLE + before + PRUNE);
      Outcome outcome = pass(database, HYPERTABLE + after + PRUNE);

      assertThat(outcome.failures()).isEmpty();
      assertThat(outcome.converged()).isTrue();
      assertThat(outcome.results())
          .extracting(result -> result.change().kind())
          .as("neither goes before both are built")
          .containsExactly("ReplaceIndex", "ReplaceIndex", "DropLeftover", "DropLeftover");
      assertThat(parts("ix_a")).isEqualTo(3);
      assertThat(parts("ix_b")).isEqualTo(3);
      assertThat(definition("ix_a")).contains("(kg)");
      assertThat(pass(database, HYPERTABLE + after + PRUNE).results()).isEmpty();
    }
  }

  @Test
  void an_index_and_a_continuous_aggregate_exchange_their_names() {
    chunks();
    try (Database database = EngineTimescaleIT.open(server)) {
      assertThat(
              pass(database, HYPERTABLE + index("n_a", "grower_id") + aggregate("n_b") + PRUNE)
                  .converged())
          .isTrue();
      String after = HYPERTABLE + index("n_b", "grower_id") + aggregate("n_a") + PRUNE;
      Outcome outcome = pass(database, after);

      assertThat(outcome.failures()).isEmpty();
      assertThat(outcome.converged()).isTrue();
      assertThat(query("SELECT view_name::text FROM timescaledb_information.continuous_aggregates"))
          .containsExactly("n_a");
      assertThat(parts("n_b")).isEqualTo(3);
      assertThat(query("SELECT relname::text FROM pg_class WHERE relname LIKE '\\_tdb\\_%'"))
          .isEmpty();
      assertThat(pass(database, after).results()).isEmpty();
    }
  }

  @Test
  void a_table_becomes_a_hypertable_once_the_unique_index_in_the_way_is_pruned() {
    String unique =
        """
        indexes:
        - {name: ux, table: batches, columns: [grower_id], unique: true}
        """;
    try (Database database = EngineTimescaleIT.open(server)) {
      pass(database, unique + PRUNE);
      Outcome outcome =
          pass(database, HYPERTABLE + index("ix_a", "grower_id") + aggregate("daily") + PRUNE);

      assertThat(outcome.failures()).isEmpty();
      assertThat(outcome.converged()).isTrue();
      assertThat(query("SELECT view_name::text FROM timescaledb_information.continuous_aggregates"))
          .containsExactly("daily");
    }
  }

  @Test
  void retention_that_left_the_spec_goes_before_the_aggregate_whose_window_it_forbids_is_made() {
    chunks();
    String retention = HYPERTABLE.replace("}", ", retention: {dropAfter: 3 days}}");
    try (Database database = EngineTimescaleIT.open(server)) {
      assertThat(pass(database, retention + PRUNE).converged()).isTrue();
      Outcome outcome = pass(database, HYPERTABLE + aggregate("daily") + PRUNE);

      assertThat(outcome.failures()).isEmpty();
      assertThat(outcome.converged()).isTrue();
      assertThat(outcome.results())
          .extracting(result -> result.change().kind())
          .containsSubsequence("DropPolicy", "CreateAggregate");
    }
  }

  private static String index(String name, String column) {
    return "indexes:\n- {name: %s, table: batches, columns: [%s]}\n".formatted(name, column);
  }

  private static String aggregate(String name) {
    return """
        aggregates:
        - name: %s
          query: SELECT time_bucket('1 day', intake_date) AS day, sum(kg) AS kg FROM batches GROUP BY 1
          fallback: MaterializedView
          fallbackQuery: SELECT intake_date AS day, sum(kg) AS kg FROM batches GROUP BY 1
          uniqueColumns: [day]
          refresh: {every: 1 hour, startOffset: 7 days, endOffset: 1 hour}
        """
        .formatted(name);
  }

  private void chunks() {
    server.execute("SELECT create_hypertable('tenant_a.batches', 'intake_date')");
    List.of("2026-01-01", "2026-02-01", "2026-03-01").forEach(this::chunk);
  }

  private void chunk(String day) {
    server.execute("INSERT INTO tenant_a.batches VALUES ('" + day + "', 'g', 1)");
  }

  /** Chunks' indexes with the columns of the hypertable's. */
  private int parts(String index) {
    String definition = definition(index);
    String columns = definition.substring(definition.indexOf("USING"));
    return query(
            "SELECT c.oid::text FROM pg_inherits h JOIN pg_index x ON x.indrelid = h.inhrelid"
                + " JOIN pg_class c ON c.oid = x.indexrelid"
                + " WHERE h.inhparent = 'tenant_a.batches'::regclass"
                + " AND x.indisvalid AND pg_get_indexdef(c.oid) LIKE '%"
                + columns
                + "'")
        .size();
  }

  private String definition(String index) {
    return query("SELECT pg_get_indexdef('tenant_a." + index + "'::regclass)").get(0);
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

  private Outcome pass(Database database, String spec) {
    return engine.pass(database, Fruit.desired(spec), Gate.OPEN, PassListener.NONE);
  }
}
