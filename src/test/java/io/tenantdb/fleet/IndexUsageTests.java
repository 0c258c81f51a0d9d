package io.tenantdb.fleet;

import static io.tenantdb.observe.Fleet.index;
import static io.tenantdb.observe.Fleet.select;
import static io.tenantdb.observe.Fleet.wants;
import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.model.Desired;
import io.tenantdb.model.IndexReport;
import io.tenantdb.model.IndexReport.Kind;
import io.tenantdb.model.IndexReport.Redundancy;
import io.tenantdb.model.IndexUsage;
import io.tenantdb.observe.Fleet;
import io.tenantdb.observe.Observer;
import io.tenantdb.testing.PostgresServer;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** How indexes are used and which are redundant, on a native server of whatever version. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class IndexUsageTests {
  private static final String GROWERS = "CREATE TABLE growers (id int PRIMARY KEY, code text)";
  private static final String BATCHES =
      """
      CREATE TABLE batches (id bigint PRIMARY KEY, grower_id int REFERENCES growers,
        status text, intake_date date, "Fruit Type" text)
      """;

  private final int version;
  private PostgresServer server;
  private int databases;

  IndexUsageTests(int version) {
    this.version = version;
  }

  @BeforeAll
  void start() {
    server = PostgresServer.start(version, Map.of());
  }

  @AfterAll
  void stop() {
    server.close();
  }

  private Fleet fleet() {
    return Fleet.create(server, "usage_" + databases++);
  }

  private static IndexReport report(Fleet fleet, Desired desired) {
    return new Engine()
        .indexes(fleet.database(), desired, new Observer().observe(fleet.database(), desired));
  }

  private static IndexReport.Index found(IndexReport report, String name) {
    List<IndexReport.Index> found =
        report.indexes().stream().filter(index -> index.name().equals(name)).toList();
    assertThat(found).as(name).hasSize(1);
    return found.get(0);
  }

  @Test
  void aScannedAndAnUnscannedTenantAreToldApart() throws SQLException {
    try (Fleet fleet = fleet()) {
      fleet.tenants("t", 0, 3, GROWERS, BATCHES, "CREATE INDEX ix ON batches (status)");
      fleet.run(
          "INSERT INTO t1.batches SELECT i, NULL, 'new' FROM generate_series(1, 20000) i",
          "ANALYZE t1.batches",
          "SET enable_seqscan = off; SELECT count(*) FROM t1.batches WHERE status = 'old'");
      Desired desired = wants(select("t?"), index("ix", "batches", "status"));

      Awaitility.await()
          .atMost(Duration.ofSeconds(60))
          .untilAsserted(
              () ->
                  assertThat(found(report(fleet, desired), "ix").usage())
                      .extracting(
                          IndexUsage::tenants, IndexUsage::scans, IndexUsage::unscannedTenants)
                      .containsExactly(3, 1L, 2));

      IndexReport report = report(fleet, desired);
      IndexReport.Index index = found(report, "ix");
      assertThat(index.declared()).isTrue();
      assertThat(index.definition()).isEqualTo("btree (status)");
      assertThat(index.unused()).isFalse();
      assertThat(index.usage().bytes())
          .isEqualTo(size(fleet, "t0.ix") + size(fleet, "t1.ix") + size(fleet, "t2.ix"));
      assertThat(index.usage().largestBytes()).isEqualTo(size(fleet, "t1.ix"));
      assertThat(index.usage().lastScan().isPresent()).isEqualTo(version >= 16);
      assertThat(report.since()).hasValueSatisfying(at -> assertThat(at).isBefore(report.now()));
      IndexReport.Index key = found(report, "batches_pkey");
      assertThat(key.declared()).isFalse();
      assertThat(key.usage().tenants()).isEqualTo(3);
    }
  }

  private static long size(Fleet fleet, String index) throws SQLException {
    try (Connection connection = fleet.server().connect(fleet.name());
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT relpages * 8192 FROM pg_class WHERE oid = '" + index + "'::regclass")) {
      row.next();
      return row.getLong(1);
    }
  }

  @Test
  void aResetSaysFromWhenOnScansAreCounted() {
    try (Fleet fleet = fleet()) {
      fleet.tenants("t", 0, 1, GROWERS, BATCHES);
      Desired desired = wants(select("t?"), index("ix", "batches", "status"));
      Instant before = report(fleet, desired).now();
      fleet.run("SELECT pg_stat_reset()");

      Awaitility.await()
          .atMost(Duration.ofSeconds(60))
          .untilAsserted(
              () -> {
                IndexReport report = report(fleet, desired);
                assertThat(report.everReset()).isTrue();
                assertThat(report.since())
                    .hasValueSatisfying(at -> assertThat(at).isAfterOrEqualTo(before));
              });
    }
  }

  @Test
  void duplicatesAndPrefixesAreFoundAndWhatOnlyLooksLikeThemIsNot() {
    try (Fleet fleet = fleet()) {
      String[] tables = {
        GROWERS,
        BATCHES,
        "CREATE INDEX ix ON batches (status, intake_date)",
        "CREATE INDEX prefix ON batches (status)",
        "CREATE INDEX partial ON batches (status) WHERE grower_id > 5",
        "CREATE INDEX partial_long ON batches (status, grower_id) WHERE grower_id > 5",
        "CREATE INDEX payload ON batches (status) INCLUDE (id)",
        "CREATE INDEX descending ON batches (status DESC)",
        "CREATE INDEX pattern ON batches (status text_pattern_ops)",
        "CREATE INDEX collated ON batches (status COLLATE \"C\")",
        "CREATE INDEX hashed ON batches USING hash (status)",
        "CREATE INDEX expression ON batches (lower(status))",
        "CREATE INDEX expression_long ON batches (lower(status), id)",
        "CREATE INDEX other_expression ON batches (upper(status))",
        "CREATE UNIQUE INDEX one ON growers (code)",
        "CREATE UNIQUE INDEX one_long ON growers (code, id)",
        "CREATE INDEX fill ON growers (code) WITH (fillfactor = 70)"
      };
      fleet.tenants("t", 0, 2, tables);
      fleet.tenants("t", 2, 3, GROWERS, BATCHES, "CREATE INDEX ix ON batches (status)");
      fleet.tenants("t", 3, 4, GROWERS, BATCHES);
      fleet.run("CREATE INDEX twin ON t0.batches (status, intake_date)");
      fleet.run("CREATE INDEX key_again ON t3.batches (id)");
      Desired desired =
          wants(
              select("t?"),
              index("ix", "batches", "status", "intake_date"),
              index("code", "growers", "code"));

      assertThat(report(fleet, desired).redundancies())
          .filteredOn(redundancy -> redundancy.kind() != Kind.FOREIGN_KEY)
          .extracting(
              r ->
                  r.kind() + " " + r.table() + " " + r.index() + " < " + r.by() + " " + r.tenants())
          .containsExactly(
              "DUPLICATE batches twin < ix 1",
              "PREFIX batches expression < expression_long 2",
              "PREFIX batches key_again < batches_pkey 1",
              "PREFIX batches partial < partial_long 2",
              "PREFIX batches prefix < ix 2",
              "PREFIX growers fill < one 2");
    }
  }

  @Test
  void foreignKeysWithoutAnIndexAreFound() {
    try (Fleet fleet = fleet()) {
      String pairs =
          "CREATE TABLE pairs (a int, b int, PRIMARY KEY (a, b)); CREATE TABLE batches (id int,"
              + " grower_id int REFERENCES growers, \"Pair A\" int, b int,"
              + " FOREIGN KEY (\"Pair A\", b) REFERENCES pairs)";
      fleet.tenants("t", 0, 1, GROWERS, pairs);
      fleet.tenants("t", 1, 2, GROWERS, pairs, "CREATE INDEX x ON batches (grower_id, id)");
      fleet.tenants("t", 2, 3, GROWERS, pairs, "CREATE INDEX x ON batches (id, grower_id)");
      fleet.tenants(
          "t", 3, 4, GROWERS, pairs, "CREATE INDEX x ON batches (grower_id) WHERE id > 0");
      fleet.tenants(
          "t",
          4,
          5,
          GROWERS,
          pairs,
          "CREATE INDEX x ON batches (grower_id) WHERE grower_id IS NOT NULL");
      fleet.tenants("t", 5, 6, GROWERS, pairs, "CREATE INDEX x ON batches USING hash (grower_id)");
      fleet.tenants("t", 6, 7, GROWERS, pairs, "CREATE INDEX x ON batches (b, \"Pair A\", id)");
      fleet.tenants("t", 7, 8, GROWERS, pairs, "CREATE INDEX x ON batches USING brin (grower_id)");
      Desired desired = wants(select("t?"), index("ix", "batches", "id"));

      List<Redundancy> missing =
          report(fleet, desired).redundancies().stream()
              .filter(redundancy -> redundancy.kind() == Kind.FOREIGN_KEY)
              .toList();
      assertThat(missing)
          .extracting(r -> r.table() + " " + r.columns() + " " + r.tenants())
          .containsExactly("batches [Pair A, b] 7", "batches [grower_id] 5");
    }
  }

  @Test
  void anIndexOfAPartitionedTableCountsWithItsParts() throws SQLException {
    try (Fleet fleet = fleet()) {
      fleet.tenants(
          "t",
          0,
          1,
          "CREATE TABLE batches (id int, at date) PARTITION BY RANGE (at)",
          "CREATE TABLE b1 PARTITION OF batches FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')",
          "CREATE TABLE b2 PARTITION OF batches FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
          "CREATE INDEX ix ON batches (id)");
      fleet.run(
          "INSERT INTO t0.batches SELECT i, '2025-02-02' FROM generate_series(1, 9000) i",
          "VACUUM ANALYZE t0.batches",
          "SET enable_seqscan = off; SET enable_bitmapscan = off;"
              + " SELECT count(*) FROM t0.b1 WHERE id = 5");
      Desired desired = wants(select("t?"), index("ix", "batches", "id"));

      Awaitility.await()
          .atMost(Duration.ofSeconds(60))
          .untilAsserted(
              () -> assertThat(found(report(fleet, desired), "ix").usage().scans()).isEqualTo(1));
      IndexUsage usage = found(report(fleet, desired), "ix").usage();
      assertThat(usage.tenants()).isEqualTo(1);
      assertThat(usage.unscannedTenants()).isZero();
      assertThat(usage.bytes())
          .isEqualTo(size(fleet, "t0.b1_id_idx") + size(fleet, "t0.b2_id_idx"));
    }
  }

  @Test
  void aTenantsLockOnItsTableHoldsNothingUp() throws SQLException {
    try (Fleet fleet = fleet()) {
      fleet.tenants("t", 0, 2, GROWERS, BATCHES, "CREATE INDEX ix ON batches (status)");
      Desired desired = wants(select("t?"), index("ix", "batches", "status"));
      try (Connection other = fleet.server().connect(fleet.name());
          Statement statement = other.createStatement()) {
        other.setAutoCommit(false);
        statement.execute("LOCK TABLE t0.batches IN ACCESS EXCLUSIVE MODE");
        IndexReport.Index index = found(report(fleet, desired), "ix");
        assertThat(index.usage().tenants()).isEqualTo(2);
        other.rollback();
      }
    }
  }
}
