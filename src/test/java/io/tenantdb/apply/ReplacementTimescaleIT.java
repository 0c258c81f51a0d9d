package io.tenantdb.apply;

import static io.tenantdb.apply.Indexes.NAME;
import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.apply.Indexes.Old;
import io.tenantdb.database.ConnectionSettings;
import io.tenantdb.database.ConnectionSettings.Tls;
import io.tenantdb.database.Database;
import io.tenantdb.database.Password;
import io.tenantdb.model.Change;
import io.tenantdb.model.ChangeResult;
import io.tenantdb.model.ChangeResult.Status;
import io.tenantdb.model.Desired.OnDestructive;
import io.tenantdb.model.Desired.Safety;
import io.tenantdb.model.IndexBody;
import io.tenantdb.model.IndexChange.Build;
import io.tenantdb.model.IndexChange.CreateIndex;
import io.tenantdb.model.IndexSetting.DropIndex;
import io.tenantdb.model.Target;
import io.tenantdb.testing.RealParts;
import io.tenantdb.testing.TimescaleServer;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The index of a hypertable gives its place to another, on every chunk. */
@RealParts
class ReplacementTimescaleIT {

  private static final String OLD = "USING btree (batch)";
  private static final String NEW = "USING btree (batch, at)";

  private final TimescaleServer server;
  private Target history;

  ReplacementTimescaleIT(TimescaleServer server) {
    this.server = server;
  }

  @BeforeEach
  void tenant() {
    server.reset();
    history = new Target("tenant_a", "history", server.user());
    server.execute(
        "CREATE SCHEMA tenant_a",
        "CREATE TABLE tenant_a.history (at timestamptz NOT NULL, batch int)",
        "SELECT public.create_hypertable('tenant_a.history', 'at', create_default_indexes => false)",
        "INSERT INTO tenant_a.history SELECT '2026-01-01'::timestamptz + i * interval '5 days', i"
            + " FROM generate_series(1, 10) i",
        "CREATE INDEX ix_batches ON tenant_a.history (batch)");
  }

  @Test
  void the_new_one_takes_the_name_on_all_chunks_and_the_old_one_goes_from_all() {
    done(run(Indexes.replace(build(false, Build.PER_CHUNK), Old.of(OLD, ""))));

    assertThat(bodies()).isNotEmpty().allMatch(body -> body.endsWith("(batch, at)"));
    assertThat(query("SELECT 1 FROM pg_class WHERE relname LIKE '%\\_tdb\\_%'")).isEmpty();
  }

  @Test
  void a_unique_one_is_built_in_one_transaction() {
    done(run(Indexes.replace(build(true, Build.ONE_TRANSACTION), Old.of(OLD, ""))));

    assertThat(bodies()).isNotEmpty().allMatch(body -> body.startsWith("CREATE UNIQUE "));
    assertThat(query("SELECT 1 FROM pg_class WHERE relname LIKE '%\\_tdb\\_%'")).isEmpty();
  }

  @Test
  void an_invalid_one_is_repaired_and_one_of_ours_dropped() {
    server.execute(
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'tenant_a.ix_batches'::regclass");
    CreateIndex build = build(false, Build.PER_CHUNK);

    done(run(Indexes.repair(build, new Old(new IndexBody(false, OLD), "", Map.of()))));
    assertThat(bodies()).isNotEmpty().allMatch(body -> body.endsWith("(batch, at)"));

    done(run(new DropIndex(history, NAME, "", false, build.mark())));
    assertThat(bodies()).isEmpty();
  }

  private CreateIndex build(boolean unique, Build build) {
    return Indexes.create(history, Indexes.on("history", unique, "batch", "at"), build, NEW);
  }

  private static void done(ChangeResult result) {
    assertThat(result.status()).as(result.message()).isEqualTo(Status.DONE);
  }

  private ChangeResult run(Change change) {
    Safety safety = new Safety(OnDestructive.ALLOW, Duration.ofSeconds(3), Duration.ofMinutes(1));
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
                    "tenantdb test"));
        WorkSession session = WorkSession.open(database, safety);
        ChangeExecutor executor = new ChangeExecutor(session, told -> {}, any -> true)) {
      return executor.execute(change);
    } catch (SQLException e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
  }

  /** Of the hypertable and of its chunks. */
  private List<String> bodies() {
    return query(
        """
        SELECT pg_get_indexdef(x.indexrelid) FROM pg_index x
        WHERE x.indrelid = 'tenant_a.history'::regclass
           OR x.indrelid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = 'tenant_a.history'::regclass)""");
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
