package io.tenantdb.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tenantdb.database.Database;
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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The drop of a hypertable's index locks every chunk, one after the other. */
@RealParts
class YieldTimescaleIT {

  private static final Desired BOTH =
      Fruit.desired(
          """
          indexes:
          - {name: ix_batch, table: batch_history, columns: [batch_id]}
          - {name: ix_old, table: batch_history, columns: [event]}
          """);

  private static final Desired WITHOUT =
      Fruit.desired(
          """
          indexes:
          - {name: ix_batch, table: batch_history, columns: [batch_id]}
          safety: {lockTimeout: 6s, onDestructive: Allow, prune: OwnedOnly}
          """);

  private final TimescaleServer server;
  private final Hearing hearing = new Hearing();
  private final Engine engine = new Engine();

  YieldTimescaleIT(TimescaleServer server) {
    this.server = server;
  }

  @BeforeEach
  void threeChunks() {
    server.reset();
    server.execute(
        "CREATE SCHEMA tenant_a",
        "CREATE TABLE tenant_a.batch_history (recorded_at timestamptz NOT NULL, batch_id bigint, event text)",
        "SELECT create_hypertable('tenant_a.batch_history', 'recorded_at',"
            + " chunk_time_interval => interval '7 days', create_default_indexes => false)",
        "INSERT INTO tenant_a.batch_history SELECT g, 1, 'weighed'"
            + " FROM generate_series(timestamptz '2026-01-01', timestamptz '2026-01-20', interval '1 day') g");
  }

  @Test
  @RealParts.NativeTimescale
  void a_drop_that_waits_for_one_chunk_after_the_other_gives_way_to_a_reader_of_the_table()
      throws Exception {
    try (Database database = EngineTimescaleIT.open(server);
        Connection one = server.connect();
        Connection another = server.connect();
        Statement inOne = one.createStatement();
        Statement inAnother = another.createStatement()) {
      assertThat(engine.pass(database, BOTH, Gate.OPEN, PassListener.NONE).converged()).isTrue();
      List<String> chunks = query("SELECT c::text FROM show_chunks('tenant_a.batch_history') c");
      one.setAutoCommit(false);
      another.setAutoCommit(false);
      inOne.execute("LOCK TABLE " + chunks.get(0) + " IN ACCESS SHARE MODE");
      inAnother.execute("LOCK TABLE " + chunks.get(1) + " IN ACCESS SHARE MODE");

      CompletableFuture<Outcome> pass =
          CompletableFuture.supplyAsync(() -> engine.pass(database, WITHOUT, Gate.OPEN, hearing));
      patiently().until(this::isDropping);
      CompletableFuture<Integer> application = CompletableFuture.supplyAsync(this::read);
      patiently().until(this::readerHasWaited);
      boolean oneInTheWay = isWaitedFor(chunks.get(0));
      (oneInTheWay ? one : another).rollback();

      int pid = application.get(60, TimeUnit.SECONDS);
      (oneInTheWay ? another : one).rollback();
      assertThat(pass.get(60, TimeUnit.SECONDS).converged()).isTrue();
      assertThat(hearing.putOff)
          .singleElement()
          .satisfies(
              result -> {
                assertThat(result.reason()).isEqualTo(Reason.YieldedTo);
                assertThat(result.message()).contains("ix_old: it gave way to pid " + pid);
              });
    }
    assertThat(query("SELECT relname FROM pg_class WHERE relname LIKE '%ix\\_old%'")).isEmpty();
    assertThat(query("SELECT relname FROM pg_class WHERE relname LIKE '%\\_tdb\\_%'")).isEmpty();
  }

  private boolean isDropping() {
    return !query(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
                + " AND wait_event_type = 'Lock' AND query LIKE 'DROP INDEX%'")
        .isEmpty();
  }

  private boolean readerHasWaited() {
    return !query(
            "SELECT l.pid FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
                + " WHERE NOT l.granted AND a.application_name = 'the application'"
                + " AND l.waitstart < clock_timestamp() - interval '4 s'")
        .isEmpty();
  }

  private boolean isWaitedFor(String chunk) {
    return !query(
            "SELECT pid FROM pg_locks WHERE NOT granted AND relation = '" + chunk + "'::regclass")
        .isEmpty();
  }

  /** Reads the table and tells by which server process. */
  private int read() {
    try (Connection connection = server.connect();
        Statement statement = connection.createStatement()) {
      statement.execute("SET application_name = 'the application'");
      statement.execute("SET statement_timeout = '60s'");
      statement.execute("SELECT count(*) FROM tenant_a.batch_history");
      return connection.unwrap(org.postgresql.PGConnection.class).getBackendPID();
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private List<String> query(String sql) {
    try (Connection connection = server.connect();
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      List<String> texts = new ArrayList<>();
      while (rows.next()) {
        texts.add(rows.getString(1));
      }
      return texts;
    } catch (SQLException e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
  }

  private static ConditionFactory patiently() {
    return await().atMost(Duration.ofSeconds(60));
  }
}
