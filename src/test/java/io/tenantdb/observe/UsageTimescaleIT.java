package io.tenantdb.observe;

import static io.tenantdb.observe.Fleet.index;
import static io.tenantdb.observe.Fleet.select;
import static io.tenantdb.observe.Fleet.wants;
import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.database.ConnectionSettings;
import io.tenantdb.database.ConnectionSettings.Tls;
import io.tenantdb.database.Database;
import io.tenantdb.database.Password;
import io.tenantdb.model.Desired;
import io.tenantdb.model.IndexUsage;
import io.tenantdb.model.Observed;
import io.tenantdb.model.ObservedUsage;
import io.tenantdb.plan.usage.IndexTally;
import io.tenantdb.testing.RealParts;
import io.tenantdb.testing.TimescaleServer;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The usage of a hypertable's indexes, whose rows are in chunks, on TimescaleDB. */
@RealParts
class UsageTimescaleIT {

  @Test
  void anIndexOfAHypertableCountsWithItsChunks(TimescaleServer server) throws SQLException {
    server.execute(
        "CREATE SCHEMA used",
        "SET search_path = used, public",
        "CREATE TABLE metrics (gone int, at timestamptz NOT NULL, dev int, note text)",
        "SELECT create_hypertable('metrics', 'at', chunk_time_interval => interval '7 days')",
        "INSERT INTO metrics SELECT 1, '2026-01-01 12:00Z', i, 'x' FROM generate_series(1, 3000) i",
        // Chunks made from now on have other attribute numbers.
        "ALTER TABLE metrics DROP COLUMN gone",
        "INSERT INTO metrics SELECT '2026-02-01 12:00Z', i, 'x' FROM generate_series(1, 3000) i",
        "CREATE INDEX ix ON metrics (dev)",
        "CREATE INDEX twin ON metrics (dev)",
        "CREATE INDEX partial ON metrics (dev) WHERE note = 'y'",
        "CREATE INDEX lowered ON metrics (lower(note))",
        "ANALYZE metrics");
    Desired desired = wants(select("used"), index("ix", "metrics", "dev"));
    try (Database database = connect(server)) {
      Observed observed = new Observer().observe(database, desired);
      ObservedUsage usage =
          new UsageObserver()
              .observe(database, desired, observed, new IndexTally(desired, observed).templates());

      Map<String, Long> sizes =
          usage.usage().entrySet().stream()
              .collect(Collectors.toMap(e -> e.getKey().name(), e -> e.getValue().bytes()));
      assertThat(sizes).containsOnlyKeys("ix", "twin", "partial", "lowered", "metrics_at_idx");
      for (String name : sizes.keySet()) {
        assertThat(sizes.get(name)).as(name).isEqualTo(chunks(server, name));
      }
      assertThat(sizes.get("ix")).isGreaterThan(sizes.get("partial"));
      assertThat(usage.usage().values()).allMatch(one -> one.tenants() == 1);
      assertThat(usage.usage().values().stream().mapToLong(IndexUsage::bytes)).allMatch(b -> b > 0);
    }
  }

  /** Sizes of an index and of the chunk indexes that are named after it. */
  private static long chunks(TimescaleServer server, String index) throws SQLException {
    try (Connection connection = server.connect();
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT sum(relpages) * 8192 FROM pg_class WHERE relname = '"
                    + index
                    + "' OR relname ~ '^_hyper_.*_chunk_"
                    + index
                    + "$'")) {
      row.next();
      return row.getLong(1);
    }
  }

  private static Database connect(TimescaleServer server) {
    return Database.of(
        new ConnectionSettings(
            server.host(),
            server.port(),
            server.database(),
            server.user(),
            new Password(server.password()),
            new Tls(Tls.Mode.DISABLE, Optional.empty()),
            4,
            "tenantdb test"));
  }
}
