package io.tenantdb.observe;

import static io.tenantdb.observe.Fleet.index;
import static io.tenantdb.observe.Fleet.select;
import static io.tenantdb.observe.Fleet.wants;
import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.canonical.Canonicalizer;
import io.tenantdb.database.ConnectionSettings;
import io.tenantdb.database.ConnectionSettings.Tls;
import io.tenantdb.database.Database;
import io.tenantdb.database.Password;
import io.tenantdb.model.Canonical;
import io.tenantdb.model.CanonicalIndex.Buildable;
import io.tenantdb.model.Desired;
import io.tenantdb.model.DesiredHypertable;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.DesiredTenant;
import io.tenantdb.model.Mark;
import io.tenantdb.model.Observed;
import io.tenantdb.model.ObservedHypertable;
import io.tenantdb.model.ObservedHypertable.Job;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.ObservedTenant;
import io.tenantdb.model.OrderBy;
import io.tenantdb.model.PolicyKind;
import io.tenantdb.model.ServerInfo.Edition;
import io.tenantdb.model.ServerInfo.Timescale;
import io.tenantdb.model.TimeSpan;
import io.tenantdb.testing.RealParts;
import io.tenantdb.testing.TimescaleServer;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The hypertable side of a reading, on TimescaleDB. */
@RealParts
class HypertablesIT {
  private static final DesiredIndex INDEX = index("ix", "metrics", "Dev Id");
  private static final List<DesiredHypertable> HYPERTABLES =
      List.of(hypertable("metrics"), hypertable("counts"));

  private static DesiredHypertable hypertable(String table) {
    return new DesiredHypertable(
        table,
        "at",
        DesiredHypertable.Convert.WHEN_EMPTY,
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
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

  private static void tenant(TimescaleServer server, String schema, String... more) {
    List<String> statements = new ArrayList<>();
    statements.add("CREATE SCHEMA " + schema);
    statements.add("SET search_path = " + schema + ", public");
    statements.add(
        "CREATE TABLE metrics (at timestamptz NOT NULL, \"Dev Id\" int, v float8, note text)");
    statements.add("CREATE TABLE counts (at bigint NOT NULL, v int)");
    statements.addAll(Arrays.asList(more));
    server.execute(statements.toArray(String[]::new));
  }

  private static final String[] CONVERTED = {
    "SELECT create_hypertable('metrics', 'at', chunk_time_interval => interval '7 days')",
    "SELECT create_hypertable('counts', 'at', chunk_time_interval => 1000)",
    "CREATE FUNCTION present() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT 5000::bigint'",
    "SELECT set_integer_now_func('counts', 'present')"
  };

  private static String[] converted(String... more) {
    List<String> all = new ArrayList<>(Arrays.asList(CONVERTED));
    all.addAll(Arrays.asList(more));
    return all.toArray(String[]::new);
  }

  private static Observed observe(Database database, String schema) {
    return new Observer().observe(database, desired(schema));
  }

  private static Desired desired(String schema) {
    return wants(select(schema), List.of(INDEX), HYPERTABLES);
  }

  private static ObservedHypertable hypertable(Observed observed, String schema, String table) {
    return observed.tenants().get(schema).table(table).orElseThrow().hypertable().orElseThrow();
  }

  @Test
  void dimensionsAndChunksAreRead(TimescaleServer server) {
    tenant(
        server,
        "facts",
        converted(
            "INSERT INTO metrics VALUES ('2026-01-01 12:00Z', 1), ('2026-02-01 12:00Z', 1)",
            "INSERT INTO counts VALUES (1, 1), (2500, 1)"));
    try (Database database = connect(server)) {
      Observed observed = observe(database, "facts");
      ObservedHypertable metrics = hypertable(observed, "facts", "metrics");
      assertThat(metrics.timeColumn()).isEqualTo("at");
      assertThat(metrics.integerTime()).isFalse();
      assertThat(metrics.chunkInterval()).isEqualTo(new TimeSpan.Interval("7 days"));
      assertThat(metrics.chunks()).isEqualTo(2);
      // Chunks of seven days start on Thursdays, as 1970-01-01 was one.
      assertThat(metrics.oldestChunkEnd()).contains(Instant.parse("2026-01-08T00:00:00Z"));
      assertThat(metrics.compressionEnabled()).isFalse();
      assertThat(metrics.segmentBy()).isEmpty();
      assertThat(metrics.orderBy()).isEmpty();
      assertThat(metrics.jobs()).isEmpty();
      ObservedHypertable counts = hypertable(observed, "facts", "counts");
      assertThat(counts.integerTime()).isTrue();
      assertThat(counts.chunkInterval()).isEqualTo(new TimeSpan.Whole(1000));
      assertThat(counts.chunks()).isEqualTo(2);
      assertThat(counts.oldestChunkEnd()).isEmpty();
      // The chunks themselves are nobody's tables.
      assertThat(observed.tenants().get("facts").tables()).containsOnlyKeys("metrics", "counts");
    }
  }

  @Test
  void compressionSettingsTellNothingChosenFromNothing(TimescaleServer server) throws SQLException {
    tenant(
        server,
        "set1",
        converted(
            "ALTER TABLE metrics SET (timescaledb.compress,"
                + " timescaledb.compress_segmentby = '\"Dev Id\"',"
                + " timescaledb.compress_orderby = 'v')"));
    tenant(
        server,
        "none1",
        converted(
            "ALTER TABLE metrics SET (timescaledb.compress, timescaledb.compress_segmentby = '',"
                + " timescaledb.compress_orderby = 'at ASC')"));
    try (Database database = connect(server)) {
      ObservedHypertable set = hypertable(observe(database, "set1"), "set1", "metrics");
      assertThat(set.compressionEnabled()).isTrue();
      assertThat(set.segmentBy()).contains(List.of("Dev Id"));
      assertThat(set.orderBy())
          .contains(List.of(new OrderBy("v", false, false), new OrderBy("at", true, true)));
      ObservedHypertable none = hypertable(observe(database, "none1"), "none1", "metrics");
      assertThat(none.segmentBy()).contains(List.of());
      assertThat(none.orderBy()).contains(List.of(new OrderBy("at", false, false)));
      try (Connection connection = database.borrow()) {
        // The view that versions before 2.14 have to do with says the same of what is set.
        CompressionReader old =
            new CompressionReader(
                new Catalog(connection, 150000),
                new Timescale(Edition.COMMUNITY, Optional.of("2.10.1"), Optional.of("public")));
        Map<HypertableReader.Name, CompressionReader.Settings> settings =
            old.settings(Catalog.names(List.of("metrics")));
        CompressionReader.Settings viewed =
            settings.get(new HypertableReader.Name("set1", "metrics"));
        assertThat(viewed.segmentBy()).isEqualTo(set.segmentBy());
        assertThat(viewed.orderBy()).isEqualTo(set.orderBy());
        assertThat(settings.get(new HypertableReader.Name("none1", "metrics")).segmentBy())
            .as("they have NULL for nothing")
            .contains(List.of());
      }
    }
  }

  @Test
  void jobsAreReadWithTheirLagScheduleAndMark(TimescaleServer server) {
    Mark mark =
        new Mark(
            Fleet.OWNER_ID, "retention", "metrics", "0123456789abcdef", Mark.Origin.MADE, false);
    tenant(
        server,
        "policies",
        converted(
            "ALTER TABLE metrics SET (timescaledb.compress)",
            "ALTER TABLE counts SET (timescaledb.compress)",
            "SELECT add_compression_policy('metrics', interval '30 days',"
                + " schedule_interval => interval '1 day')",
            "SELECT add_retention_policy('metrics', interval '2 years')",
            "SELECT add_compression_policy('counts', 300)",
            "SELECT alter_job(job_id, config => config || jsonb_build_object('managed_by', '"
                + mark.text()
                + "'), scheduled => false) FROM timescaledb_information.jobs"
                + " WHERE hypertable_schema = 'policies' AND hypertable_name = 'metrics'"));
    try (Database database = connect(server)) {
      Observed observed = observe(database, "policies");
      ObservedHypertable metrics = hypertable(observed, "policies", "metrics");
      assertThat(metrics.jobs()).hasSize(2);
      Job compression = metrics.job(PolicyKind.COMPRESSION).orElseThrow();
      assertThat(compression.after()).contains(new TimeSpan.Interval("30 days"));
      assertThat(compression.every()).isEqualTo("1 day");
      assertThat(compression.scheduled()).isFalse();
      assertThat(compression.owner()).isEqualTo(server.user());
      // The mark of a retention policy, copied.
      assertThat(compression.mark()).isEmpty();
      Job retention = metrics.job(PolicyKind.RETENTION).orElseThrow();
      assertThat(retention.after()).contains(new TimeSpan.Interval("2 years"));
      assertThat(retention.mark()).contains(mark);
      assertThat(observed.tenants().get("policies").hasMarkOf(Fleet.OWNER_ID)).isTrue();
      ObservedHypertable counts = hypertable(observed, "policies", "counts");
      assertThat(counts.job(PolicyKind.COMPRESSION).orElseThrow().after())
          .contains(new TimeSpan.Whole(300));
    }
  }

  @Test
  void plainTablesAreMeasuredForTheirConversion(TimescaleServer server) {
    tenant(server, "plain1", "INSERT INTO counts VALUES (1, 1)");
    try (Database database = connect(server)) {
      ObservedTenant tenant = observe(database, "plain1").tenants().get("plain1");
      ObservedTable metrics = tenant.table("metrics").orElseThrow();
      assertThat(metrics.hypertable()).isEmpty();
      assertThat(metrics.pages()).isZero();
      assertThat(tenant.table("counts").orElseThrow().pages()).isEqualTo(1);
    }
  }

  @Test
  void anIndexOnAHypertableHasTheFormOfThatOnAClone(TimescaleServer server) {
    tenant(
        server,
        "forms",
        converted(
            "INSERT INTO metrics VALUES ('2026-01-01', 1)",
            "CREATE INDEX ix ON metrics (\"Dev Id\")"));
    try (Database database = connect(server)) {
      Desired desired = desired("forms");
      Observed observed = new Observer().observe(database, desired);
      ObservedTenant tenant = observed.tenants().get("forms");
      ObservedTable table = tenant.table("metrics").orElseThrow();
      Canonical canonical =
          new Canonicalizer()
              .canonicalize(
                  database,
                  desired,
                  schema -> new DesiredTenant(desired.indexes(), desired.hypertables()),
                  observed);
      Buildable form = (Buildable) canonical.index(tenant, table, INDEX).orElseThrow();
      assertThat(table.index("ix").orElseThrow().body()).contains(form.printed());
      assertThat(canonical.interval("7 days").fields()).isEqualTo("7 days");
    }
  }
}
