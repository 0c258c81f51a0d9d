package io.tenantdb.observe;

import static io.tenantdb.observe.Fleet.aggregate;
import static io.tenantdb.observe.Fleet.select;
import static io.tenantdb.observe.Fleet.wants;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.tenantdb.database.ConnectionSettings;
import io.tenantdb.database.ConnectionSettings.Tls;
import io.tenantdb.database.Database;
import io.tenantdb.database.Password;
import io.tenantdb.model.Desired;
import io.tenantdb.model.SourceGraph;
import io.tenantdb.model.SourceGraph.Basis;
import io.tenantdb.model.SourceGraph.Beginning;
import io.tenantdb.model.SourceGraph.Kind;
import io.tenantdb.model.SourceGraph.Node;
import io.tenantdb.model.SourceGraph.Read;
import io.tenantdb.model.SourceGraph.Relation;
import io.tenantdb.model.SourceGraph.Retention;
import io.tenantdb.model.SourceGraph.Window;
import io.tenantdb.model.TimeSpan;
import io.tenantdb.testing.RealParts;
import io.tenantdb.testing.TimescaleServer;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Who reads whom in the whole database, and the policies on both, on TimescaleDB. */
@RealParts
class SourceGraphIT {

  private static final Relation INTAKE = new Relation("orchard", "intake");
  private static final Relation HOURLY = new Relation("orchard", "hourly");
  private static final Relation DAILY = new Relation("orchard", "daily");
  private static final Relation REPORT = new Relation("reporting", "by_variety");

  private final TimescaleServer server;

  SourceGraphIT(TimescaleServer server) {
    this.server = server;
  }

  @BeforeEach
  void tables() {
    server.reset();
    server.execute(
        "CREATE SCHEMA orchard",
        "SET search_path = orchard, public",
        "CREATE TABLE intake (at timestamptz NOT NULL, variety int, kg float8)",
        "SELECT create_hypertable('intake', 'at')",
        "CREATE TABLE varieties (id int, title text)");
  }

  private void view(String name, String options, String query) {
    server.execute(
        "SET search_path = orchard, public",
        "CREATE MATERIALIZED VIEW %s WITH (timescaledb.continuous%s) AS %s WITH NO DATA"
            .formatted(name, options, query));
  }

  private void hourly() {
    view(
        "hourly",
        ", timescaledb.materialized_only = false",
        "SELECT time_bucket('1 hour', at) AS hour, count(*) AS n FROM intake GROUP BY 1");
  }

  private void daily() {
    view(
        "daily",
        ", timescaledb.materialized_only = true",
        "SELECT time_bucket('1 day', hour) AS day, sum(n) AS n FROM hourly GROUP BY 1");
  }

  private SourceGraph read(Desired desired) {
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
      return new Observer().observe(database, desired).graph();
    }
  }

  private SourceGraph read() {
    return read(wants(select("tenant_a"), List.of(), List.of()));
  }

  private static TimeSpan span(String text) {
    return new TimeSpan.Interval(text);
  }

  @Test
  void aggregates_over_aggregates_and_joined_tables_are_edges_in_every_schema() {
    hourly();
    daily();
    server.execute("CREATE SCHEMA reporting");
    view(
        "reporting.by_variety",
        "",
        "SELECT time_bucket('1 day', i.at) AS day, v.title, sum(i.kg) AS kg"
            + " FROM intake i JOIN varieties v ON v.id = i.variety GROUP BY 1, 2");

    SourceGraph graph = read();

    assertThat(graph.node(HOURLY).orElseThrow().reads()).containsExactly(new Read(INTAKE, true));
    assertThat(graph.node(HOURLY).orElseThrow().materializedOnly()).isFalse();
    assertThat(graph.node(DAILY).orElseThrow().reads()).containsExactly(new Read(HOURLY, true));
    assertThat(graph.node(DAILY).orElseThrow().materializedOnly()).isTrue();
    assertThat(graph.node(REPORT).orElseThrow().reads())
        .containsExactly(
            new Read(INTAKE, true), new Read(new Relation("orchard", "varieties"), false));
    assertThat(graph.readersOf(INTAKE)).containsExactly(HOURLY, REPORT);
    assertThat(graph.around("reporting"))
        .extracting(node -> node.relation().name())
        .containsExactly("intake", "varieties", "by_variety");
    assertThat(graph.around("orchard"))
        .extracting(node -> node.relation().name())
        .containsExactly("daily", "hourly", "intake", "varieties", "by_variety");
    assertThat(graph.nodes().values().stream().map(Node::kind))
        .containsExactlyInAnyOrder(
            Kind.HYPERTABLE,
            Kind.TABLE,
            Kind.CONTINUOUS_AGGREGATE,
            Kind.CONTINUOUS_AGGREGATE,
            Kind.CONTINUOUS_AGGREGATE);
  }

  @Test
  void every_window_and_every_retention_is_read_whoever_made_it() {
    hourly();
    daily();
    server.execute(
        "SELECT add_retention_policy('orchard.intake', interval '2 months')",
        "SELECT add_retention_policy('orchard.hourly', interval '1 year')",
        "SELECT alter_job(job_id, scheduled => false) FROM timescaledb_information.jobs WHERE config->>'drop_after' = '1 year'",
        "SELECT add_continuous_aggregate_policy('orchard.hourly', interval '3 days', interval '1 hour', interval '1 hour')",
        "SELECT add_continuous_aggregate_policy('orchard.daily', NULL, interval '1 day', interval '1 day')",
        // A job of the same procedure that a person added.
        "SELECT add_job('"
            + schemaOf("policy_refresh_continuous_aggregate")
            + ".policy_refresh_continuous_aggregate', '1 day', config => (SELECT jsonb_build_object("
            + "'mat_hypertable_id', mat_hypertable_id, 'start_offset', '60 days', 'end_offset', '30 days')"
            + " FROM _timescaledb_catalog.continuous_agg WHERE user_view_name = 'hourly'))");

    SourceGraph graph = read();

    assertThat(graph.node(INTAKE).orElseThrow().retentions())
        .extracting(Retention::basis, Retention::after, Retention::scheduled)
        .containsExactly(tuple(Basis.AGE, Optional.of(span("2 mons")), true));
    assertThat(graph.node(HOURLY).orElseThrow().retentions())
        .extracting(Retention::after, Retention::scheduled)
        .containsExactly(tuple(Optional.of(span("1 year")), false));
    assertThat(graph.node(HOURLY).orElseThrow().windows())
        .extracting(Window::startOffset, Window::endOffset)
        .containsExactly(
            tuple(Optional.of(span("3 days")), Optional.of(span("01:00:00"))),
            tuple(Optional.of(span("60 days")), Optional.of(span("30 days"))));
    assertThat(graph.node(DAILY).orElseThrow().windows())
        .extracting(Window::beginning)
        .containsExactly(Beginning.OPEN);
  }

  @Test
  void retention_by_creation_and_a_config_that_is_none_have_no_lag() {
    hourly();
    boolean byCreation =
        query(
                "SELECT count(*)::text FROM pg_proc WHERE proname = 'add_retention_policy' AND 'drop_created_before' = ANY (proargnames)")
            .equals("1");
    if (byCreation) {
      server.execute(
          "SELECT add_retention_policy('orchard.intake', drop_created_before => interval '1 day')");
      assertThat(read().node(INTAKE).orElseThrow().retentions())
          .extracting(Retention::basis)
          .containsExactly(Basis.CREATION);
      server.execute("SELECT remove_retention_policy('orchard.intake')");
    }
    server.execute(
        "SELECT add_retention_policy('orchard.intake', interval '1 day')",
        "UPDATE "
            + query(
                "SELECT CASE WHEN to_regclass('_timescaledb_catalog.bgw_job') IS NULL THEN '_timescaledb_config.bgw_job' ELSE '_timescaledb_catalog.bgw_job' END")
            + " SET config = jsonb_set(config, '{drop_after}', '1.5') WHERE proc_name = 'policy_retention'");

    assertThat(read().node(INTAKE).orElseThrow().retentions())
        .extracting(Retention::basis)
        .containsExactly(Basis.UNREADABLE);
  }

  @Test
  void integer_time_is_told_apart() {
    server.execute(
        "SET search_path = orchard, public",
        "CREATE TABLE counts (at bigint NOT NULL, n int)",
        "SELECT create_hypertable('counts', 'at', chunk_time_interval => 100)",
        "CREATE FUNCTION now_i() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT 1000::bigint'",
        "SELECT set_integer_now_func('counts', 'now_i')",
        "SELECT add_retention_policy('counts', 300::bigint)");
    view(
        "tens",
        "",
        "SELECT time_bucket(10::bigint, at) AS ten, sum(n) AS n FROM counts GROUP BY 1");

    SourceGraph graph = read();

    Node counts = graph.node(new Relation("orchard", "counts")).orElseThrow();
    assertThat(counts.integerTime()).isTrue();
    assertThat(counts.retentions().get(0).after()).contains(new TimeSpan.Whole(300));
    assertThat(graph.node(new Relation("orchard", "tens")).orElseThrow().integerTime()).isTrue();
  }

  @Test
  void without_aggregates_it_is_empty_unless_one_is_declared() {
    server.execute("SELECT add_retention_policy('orchard.intake', interval '2 months')");

    assertThat(read().nodes()).isEmpty();
    assertThat(
            read(wants(
                    select("orchard"),
                    List.of(),
                    List.of(),
                    List.of(aggregate("daily", "SELECT 1", "intake"))))
                .nodes())
        .containsOnlyKeys(INTAKE);
  }

  private String schemaOf(String procedure) {
    return query(
        "SELECT n.nspname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE p.proname = '"
            + procedure
            + "'");
  }

  private String query(String sql) {
    try (Connection connection = server.connect();
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      rows.next();
      return rows.getString(1);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }
}
