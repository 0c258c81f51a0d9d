package io.tenantdb.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tenantdb.database.ConnectionSettings;
import io.tenantdb.database.ConnectionSettings.Tls;
import io.tenantdb.database.Database;
import io.tenantdb.database.DatabaseException;
import io.tenantdb.database.Password;
import io.tenantdb.model.Desired;
import io.tenantdb.model.Reason;
import io.tenantdb.testing.RealParts;
import io.tenantdb.testing.TimescaleServer;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Indexes that not all chunks of a hypertable have. */
@RealParts
class ChunkBuildTimescaleIT {

  private static final Desired DESIRED =
      Fruit.desired(
          """
          indexes:
          - {name: ix_batch, table: batch_history, columns: [batch_id]}
          safety: {lockTimeout: 60s}
          """);

  private static final Desired ALLOWED =
      Fruit.desired(
          """
          indexes:
          - {name: ix_batch, table: batch_history, columns: [batch_id]}
          safety: {onDestructive: Allow}
          """);

  private final TimescaleServer server;

  ChunkBuildTimescaleIT(TimescaleServer server) {
    this.server = server;
  }

  @BeforeEach
  void threeChunks() {
    server.reset();
    server.execute(
        "CREATE SCHEMA tenant_a",
        "CREATE TABLE tenant_a.batch_history (recorded_at timestamptz NOT NULL, batch_id bigint, event text)",
        "SELECT create_hypertable('tenant_a.batch_history', 'recorded_at', chunk_time_interval => interval '7 days')",
        "INSERT INTO tenant_a.batch_history SELECT t, 1, 'x' FROM generate_series(timestamptz '2026-01-01', timestamptz '2026-01-20', interval '1 hour') t");
  }

  private Outcome pass() {
    return pass(DESIRED);
  }

  private Outcome pass(Desired desired) {
    try (Database database =
        Database.of(
            new ConnectionSettings(
                server.host(),
                server.port(),
                server.database(),
                server.user(),
                new Password(server.password()),
                new Tls(Tls.Mode.DISABLE, Optional.empty()),
                4,
                "tenantdb test"))) {
      return new Engine().pass(database, desired, Gate.OPEN, PassListener.NONE);
    }
  }

  private void tryPass() {
    try {
      pass();
    } catch (DatabaseException broken) {
      // What it leaves is what the test looks at.
      return;
    }
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

  private void assertWhole() {
    assertThat(
            query(
                "SELECT x.indisvalid FROM pg_index x WHERE x.indexrelid = 'tenant_a.ix_batch'::regclass"))
        .containsExactly("t");
    assertThat(
            query(
                "SELECT x.indrelid::regclass::text FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid"
                    + " WHERE c.relname LIKE '\\_hyper\\_%\\_ix\\_batch' AND x.indisvalid"))
        .hasSize(
            Integer.parseInt(
                query("SELECT count(*) FROM show_chunks('tenant_a.batch_history')").get(0)));
    assertThat(query("SELECT relname FROM pg_class WHERE relname LIKE '%\\_tdb\\_%'")).isEmpty();
    assertThat(query("SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid"))
        .isEmpty();
  }

  @Test
  void a_build_that_stopped_between_two_chunks_is_made_whole() {
    server.execute(
        "CREATE INDEX \"%s\" ON ONLY tenant_a.batch_history (batch_id)"
            .formatted(DESIRED.indexes().get(0).reservedName()));

    Outcome outcome = pass();

    assertThat(outcome.failures()).isEmpty();
    assertThat(outcome.converged()).isTrue();
    assertWhole();
  }

  @Test
  void an_index_that_a_chunk_lacks_is_told_and_built_anew_where_it_may_be_dropped() {
    pass();
    server.execute(
        "DROP INDEX "
            + query(
                    "SELECT indexrelid::regclass::text FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid"
                        + " WHERE c.relname LIKE '\\_hyper\\_%\\_ix\\_batch' LIMIT 1")
                .get(0));

    if (server.atLeast("2.22")) {
      assertThat(pass().failures())
          .singleElement()
          .satisfies(
              f -> {
                assertThat(f.reason()).isEqualTo(Reason.DestructiveDenied);
                assertThat(f.message()).contains("ix_batch").contains("parts missing");
              });
    }

    // An older server can tell two equal indexes apart: the new one is built beside the old.
    Outcome outcome = server.atLeast("2.22") ? pass(ALLOWED) : pass();
    assertThat(outcome.failures()).isEmpty();
    assertThat(outcome.converged()).isTrue();
    assertWhole();
    assertThat(pass().initial().empty()).isTrue();
  }

  @Test
  void another_fillfactor_leaves_no_chunk_without() {
    pass();
    Desired other =
        Fruit.desired(
            """
            indexes:
            - {name: ix_batch, table: batch_history, columns: [batch_id], with: {fillfactor: "70"}}
            safety: {onDestructive: Allow}
            """);

    Outcome outcome = pass(other);

    assertThat(outcome.failures()).isEmpty();
    assertThat(outcome.converged()).isTrue();
    assertWhole();
    assertThat(
            query(
                "SELECT DISTINCT reloptions::text FROM pg_class WHERE relname LIKE '%ix\\_batch'"))
        .containsExactly("{fillfactor=70}");
  }

  @Test
  void other_columns_are_built_beside_on_every_chunk() {
    pass();

    Outcome outcome =
        pass(
            Fruit.desired(
                "indexes:\n- {name: ix_batch, table: batch_history, columns: [batch_id, event]}\n"));

    assertThat(outcome.failures()).isEmpty();
    assertThat(outcome.converged()).isTrue();
    assertWhole();
  }

  @Test
  @RealParts.NativeTimescale
  void an_interrupted_build_per_chunk_is_repaired() throws Exception {
    String lastChunk =
        query("SELECT c::text FROM show_chunks('tenant_a.batch_history') c ORDER BY 1 DESC LIMIT 1")
            .get(0);
    try (Connection writer = server.connect();
        Statement statement = writer.createStatement()) {
      writer.setAutoCommit(false);
      statement.execute("LOCK TABLE " + lastChunk + " IN ROW EXCLUSIVE MODE");
      CompletableFuture<Void> pass = CompletableFuture.runAsync(this::tryPass);
      String waiting =
          "SELECT pid::text FROM pg_stat_activity WHERE datname = current_database()"
              + " AND wait_event_type = 'Lock' AND query LIKE '%transaction\\_per\\_chunk%'";
      await().atMost(Duration.ofSeconds(60)).until(() -> !query(waiting).isEmpty());
      query(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid IN (SELECT ("
              + waiting
              + ")::int)");
      pass.get(60, TimeUnit.SECONDS);
      writer.rollback();
    }
    assertThat(query("SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid"))
        .hasSize(1);

    Outcome outcome = pass();

    assertThat(outcome.failures()).isEmpty();
    assertThat(outcome.converged()).isTrue();
    assertWhole();
  }

  @Test
  void a_chunks_index_that_somebody_altered_is_drift_of_the_whole() {
    pass();
    server.execute(
        "DO $$ BEGIN EXECUTE format('ALTER INDEX %s SET (fillfactor = 44)',"
            + " (SELECT c.oid::regclass FROM pg_class c WHERE c.relname LIKE '\\_hyper\\_%\\_ix\\_batch' LIMIT 1));"
            + " END $$");

    Outcome outcome = pass(ALLOWED);

    assertThat(outcome.initial().changes())
        .singleElement()
        .satisfies(
            change ->
                assertThat(change.before()).startsWith("parts with other storage parameters"));
    assertThat(outcome.failures()).isEmpty();
    assertThat(outcome.converged()).isTrue();
    assertWhole();
    assertThat(query("SELECT reloptions::text FROM pg_class WHERE relname LIKE '%ix\\_batch'"))
        .containsOnlyNulls();
    assertThat(pass().initial().empty()).isTrue();
  }
}
