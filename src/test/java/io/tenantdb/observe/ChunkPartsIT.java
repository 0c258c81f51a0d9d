package io.tenantdb.observe;

import static io.tenantdb.observe.Fleet.index;
import static io.tenantdb.observe.Fleet.select;
import static io.tenantdb.observe.Fleet.wants;
import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.database.ConnectionSettings;
import io.tenantdb.database.ConnectionSettings.Tls;
import io.tenantdb.database.Database;
import io.tenantdb.database.Password;
import io.tenantdb.model.ObservedIndex;
import io.tenantdb.model.ObservedIndex.Uneven;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.testing.RealParts;
import io.tenantdb.testing.TimescaleServer;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Which chunks lack a part of their hypertable's index. */
@RealParts
class ChunkPartsIT {

  private final TimescaleServer server;

  ChunkPartsIT(TimescaleServer server) {
    this.server = server;
  }

  @BeforeEach
  void threeChunks() {
    server.reset();
    server.execute(
        "CREATE SCHEMA t",
        "CREATE TABLE t.m (gone int, at timestamptz NOT NULL, dev text, v float8, PRIMARY KEY (dev, at))",
        "SELECT create_hypertable('t.m', 'at', chunk_time_interval => interval '7 days')",
        "CREATE INDEX ix_v ON t.m (v)",
        "CREATE INDEX ix_lower ON t.m (lower(dev)) WHERE v > 0",
        "CREATE INDEX ix_upper ON t.m (upper(dev))",
        "INSERT INTO t.m VALUES (1, '2026-01-01', 'a', 1), (1, '2026-01-15', 'a', 1)",
        // Chunks made from here on count their columns otherwise.
        "ALTER TABLE t.m DROP COLUMN gone",
        "INSERT INTO t.m VALUES ('2026-02-15', 'a', 1)");
  }

  private Map<String, Integer> missing() {
    Map<String, Integer> missing = new TreeMap<>();
    for (ObservedIndex index : table().indexes()) {
      missing.put(index.name(), index.missingParts());
    }
    missing.remove("m_at_idx");
    return missing;
  }

  private ObservedTable table() {
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
      return new Observer()
          .observe(database, wants(select("t"), index("ix", "m", "v")))
          .tenants()
          .get("t")
          .table("m")
          .orElseThrow();
    }
  }

  private static Map<String, Integer> missing(int v, int lower, int upper, int key) {
    return Map.of("ix_v", v, "ix_lower", lower, "ix_upper", upper, "m_pkey", key);
  }

  private String chunkIndex(String of, int nth) {
    try (Connection connection = server.connect();
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT c.oid::regclass FROM pg_class c WHERE c.relkind = 'i'"
                    + " AND c.relname LIKE '\\_hyper\\_%chunk\\_"
                    + of
                    + "' ORDER BY c.oid OFFSET "
                    + nth
                    + " LIMIT 1")) {
      row.next();
      return row.getString(1);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void nothing_is_missing_where_every_chunk_has_every_index() {
    assertThat(missing()).isEqualTo(missing(0, 0, 0, 0));
  }

  @Test
  void an_index_of_the_root_alone_is_on_no_chunk() {
    server.execute("CREATE INDEX root_only ON ONLY t.m (v, dev)");
    assertThat(missing()).containsEntry("root_only", 3).containsEntry("ix_v", 0);
  }

  @Test
  void an_index_that_was_dropped_from_chunks_is_missing_there() {
    server.execute("DROP INDEX " + chunkIndex("ix\\_lower", 0));
    server.execute("DROP INDEX " + chunkIndex("ix\\_lower", 1));
    assertThat(missing()).isEqualTo(missing(0, 2, 0, 0));
  }

  @Test
  void a_chunk_may_have_an_index_of_its_own() {
    server.execute(
        "DO $$ BEGIN EXECUTE format('CREATE INDEX ON %s (v, dev)', (SELECT show_chunks('t.m') LIMIT 1)); END $$");
    assertThat(missing()).isEqualTo(missing(0, 0, 0, 0));
  }

  @Test
  void an_index_of_its_own_does_not_hide_that_another_is_missing() {
    server.execute("DROP INDEX " + chunkIndex("ix\\_upper", 0));
    server.execute(
        "DO $$ BEGIN EXECUTE format('CREATE INDEX ON %s (v, dev)', (SELECT show_chunks('t.m') OFFSET 1 LIMIT 1)); END $$");
    assertThat(missing()).isEqualTo(missing(0, 0, 1, 0));
  }

  @Test
  void of_two_indexes_that_differ_in_their_expression_the_one_that_is_missing_is_told() {
    server.execute("CREATE INDEX ix_lower_too ON t.m (lower(dev || 'x')) WHERE v > 1");
    server.execute("DROP INDEX " + chunkIndex("ix\\_lower\\_too", 2));
    assertThat(missing()).containsEntry("ix_lower_too", 1).containsEntry("ix_lower", 0);
  }

  @Test
  void a_renamed_index_and_a_compressed_chunk_lack_nothing() {
    server.execute(
        "ALTER INDEX t.ix_v RENAME TO \"Renamed é\"",
        "ALTER TABLE t.m SET (timescaledb.compress, timescaledb.compress_segmentby = 'dev')",
        "SELECT compress_chunk(c) FROM show_chunks('t.m') c LIMIT 1");
    assertThat(missing().values()).containsOnly(0);
  }

  @Test
  void a_chunk_that_is_added_later_has_them_all() {
    server.execute("INSERT INTO t.m VALUES ('2026-05-15', 'a', 1)");
    assertThat(missing()).isEqualTo(missing(0, 0, 0, 0));
  }

  @Test
  void all_dimensions_are_read() {
    server.execute(
        "CREATE TABLE t.two (at timestamptz NOT NULL, dev text)",
        "SELECT create_hypertable('t.two', 'at', 'dev', 2)",
        "ALTER TABLE t.m RENAME TO other",
        "ALTER TABLE t.two RENAME TO m");
    assertThat(table().hypertable().orElseThrow().dimensions())
        .containsExactlyInAnyOrder("at", "dev");
    assertThat(table().hypertable().orElseThrow().timeColumn()).isEqualTo("at");
  }

  private Map<String, Uneven> uneven() {
    Map<String, Uneven> uneven = new TreeMap<>();
    for (ObservedIndex index : table().indexes()) {
      if (!index.settings().uneven().equals(Uneven.NONE)) {
        uneven.put(index.name(), index.settings().uneven());
      }
    }
    return uneven;
  }

  private static final Uneven PARAMETERS = new Uneven(Set.of(), true, false);

  @Test
  void a_chunks_index_that_was_altered_is_told() {
    server.execute("CREATE INDEX ix_f ON t.m (v, dev) WITH (fillfactor = 80)");
    assertThat(uneven()).isEmpty();

    server.execute("ALTER INDEX " + chunkIndex("ix\\_lower", 1) + " SET (fillfactor = 44)");
    assertThat(uneven()).isEqualTo(Map.of("ix_lower", PARAMETERS));
    assertThat(missing().values()).containsOnly(0);

    server.execute(
        "ALTER INDEX " + chunkIndex("ix\\_lower", 1) + " RESET (fillfactor)",
        "ALTER INDEX " + chunkIndex("ix\\_f", 2) + " RESET (fillfactor)");
    assertThat(uneven()).isEqualTo(Map.of("ix_f", PARAMETERS));
  }

  @Test
  void a_hypertables_index_that_was_altered_is_another_than_those_of_its_chunks() {
    server.execute("ALTER INDEX t.ix_v SET (fillfactor = 44)");
    assertThat(uneven()).isEqualTo(Map.of("ix_v", PARAMETERS));
    server.execute("ALTER INDEX t.ix_v RESET (fillfactor)");
    assertThat(uneven()).isEmpty();
  }

  @Test
  void of_two_indexes_of_the_same_keys_nobody_can_tell_whose_part_it_is() {
    server.execute(
        "CREATE INDEX ix_v_too ON t.m (v) WITH (fillfactor = 80)",
        "ALTER INDEX " + chunkIndex("ix\\_v", 0) + " SET (fillfactor = 44)");
    assertThat(uneven()).isEmpty();
  }

  @Test
  void a_chunks_own_index_with_other_parameters_is_its_own_matter() {
    server.execute(
        "DO $$ BEGIN EXECUTE format('CREATE INDEX ON %s (v) WITH (fillfactor = 44)', (SELECT show_chunks('t.m') LIMIT 1)); END $$");
    assertThat(uneven()).isEmpty();
  }
}
