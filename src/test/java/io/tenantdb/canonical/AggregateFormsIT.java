package io.tenantdb.canonical;

import static io.tenantdb.observe.Fleet.index;
import static io.tenantdb.observe.Fleet.select;
import static io.tenantdb.observe.Fleet.wants;
import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.model.Canonical;
import io.tenantdb.model.CanonicalAggregate;
import io.tenantdb.model.CanonicalAggregate.Buildable;
import io.tenantdb.model.CanonicalAggregate.Refused;
import io.tenantdb.model.CanonicalAggregate.Source;
import io.tenantdb.model.CanonicalAggregate.Unknown;
import io.tenantdb.model.Desired;
import io.tenantdb.model.DesiredAggregate;
import io.tenantdb.model.DesiredAggregate.Fallback;
import io.tenantdb.model.DesiredAggregate.Refresh;
import io.tenantdb.model.DesiredTenant;
import io.tenantdb.model.Hashes;
import io.tenantdb.model.Observed;
import io.tenantdb.model.Reason;
import io.tenantdb.model.TimeSpan;
import io.tenantdb.observe.Fleet;
import io.tenantdb.observe.Observer;
import io.tenantdb.testing.PostgresServer;
import io.tenantdb.testing.RealParts;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What PostgreSQL makes of aggregates' queries, on a native server. */
@RealParts
class AggregateFormsIT {
  private static final String SALES = "CREATE TABLE sales (day date, shop int, kg numeric)";
  private static final String QUERY = "SELECT day, sum(kg) AS kg FROM sales GROUP BY day";

  private static DesiredAggregate view(String query) {
    return new DesiredAggregate(
        "daily",
        query,
        true,
        Optional.of(
            new Refresh(
                "1 hour", Optional.empty(), new TimeSpan.Interval("1 hour"), Hashes.hex16("r"))),
        Fallback.MATERIALIZED_VIEW,
        Optional.empty(),
        Optional.empty(),
        Set.of("sales", "day", "kg", "sum"),
        Hashes.hex16(query));
  }

  private static Desired desired(DesiredAggregate aggregate) {
    Desired base = wants(select("t*"), index("ix", "sales", "day"));
    return new Desired(
        base.ownerId(),
        base.tenants(),
        base.indexes(),
        base.hypertables(),
        List.of(aggregate),
        base.overrides(),
        base.whenTimescaleMissing(),
        base.safety());
  }

  private static CanonicalAggregate form(
      Canonicalizer canonicalizer, Fleet fleet, String schema, String query) {
    DesiredAggregate aggregate = view(query);
    Desired desired = desired(aggregate);
    Observed observed = new Observer().observe(fleet.database(), desired);
    Canonical canonical =
        canonicalizer.canonicalize(
            fleet.database(),
            desired,
            tenant -> new DesiredTenant(desired.indexes(), desired.hypertables()),
            observed);
    return canonical
        .aggregate(observed.tenants().get(schema), aggregate, aggregate.viewQuery())
        .orElseThrow();
  }

  private static CanonicalAggregate form(Fleet fleet, String schema, String query) {
    return form(new Canonicalizer(), fleet, schema, query);
  }

  private static Fleet fleet(PostgresServer server, String name) {
    return Fleet.create(server, name);
  }

  @Test
  void theTextIsThatOfTheLiveView(@RealParts.Version(14) PostgresServer old, PostgresServer server)
      throws SQLException {
    for (PostgresServer each : List.of(old, server)) {
      try (Fleet fleet = fleet(each, "forms_text").tenants("t", 1, 3, SALES)) {
        fleet.tenant("T \"3\"", "app", SALES);
        fleet.run("SET search_path = t2, public; CREATE MATERIALIZED VIEW daily AS " + QUERY);
        Buildable one = (Buildable) form(fleet, "t1", QUERY);
        assertThat(one.text().text()).contains("<tenant>.sales").doesNotContain("t1");
        assertThat(one.columns()).containsExactly("day", "kg");
        assertThat(one.sources()).containsExactly(new Source(Optional.empty(), "sales"));
        assertThat(one.tenantCode()).isEmpty();
        try (Connection connection = each.connect(fleet.name());
            Statement statement = connection.createStatement()) {
          statement.execute("SET search_path = pg_catalog");
          var rows = statement.executeQuery("SELECT pg_get_viewdef('t2.daily'::regclass)");
          rows.next();
          assertThat(io.tenantdb.model.ViewText.of(rows.getString(1), "t2")).isEqualTo(one.text());
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT day FROM sales -- all of them;",
        "SELECT day FROM sales /* ; /* ; */ ; */",
        "SELECT day, $a$;$a$ AS a FROM sales /*;*/--;"
      })
  void aSemicolonInACommentEndsNothing(String query, PostgresServer server) {
    try (Fleet fleet = fleet(server, "forms_comment_" + query.length()).tenants("t", 1, 2, SALES)) {
      assertThat(form(fleet, "t1", query)).isInstanceOf(Buildable.class);
    }
  }

  @Test
  void tenantsThatAreAlikeAreAskedOnce(PostgresServer server) {
    try (Fleet fleet = fleet(server, "forms_once").tenants("t", 1, 4, SALES)) {
      fleet.tenant("t9", "app", "CREATE TABLE sales (day date, shop int, kg float8)");
      Desired desired = desired(view(QUERY));
      Observed observed = new Observer().observe(fleet.database(), desired);
      Canonical canonical =
          new Canonicalizer()
              .canonicalize(
                  fleet.database(),
                  desired,
                  tenant -> new DesiredTenant(desired.indexes(), desired.hypertables()),
                  observed);
      assertThat(canonical.aggregates()).hasSize(2);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          count | SELECT count(*), count(DISTINCT shop) FROM sales | 42701 | give each column of the result a name of its own with AS
          time_bucket | SELECT time_bucket('1 day', day) AS d FROM sales GROUP BY d | 42883 | aggregates[daily].fallbackQuery, with date_bin
          column | SELECT nothing FROM sales | 42703 | aggregates[daily].query: column "nothing" does not exist
          table | SELECT * FROM nowhere | 42P01 | relation "nowhere" does not exist
          syntax | SELEC day FROM sales | 42601 | syntax error
          data | SELECT day FROM sales WITH NO DATA | 42601 | syntax error
          writes | WITH gone AS (DELETE FROM sales RETURNING day) SELECT day FROM gone | 0A000 | must not contain data-modifying statements
          """)
  void whatPostgresqlRefusesSaysWhatToDo(
      String name, String query, String sqlState, String words, PostgresServer server) {
    try (Fleet fleet = fleet(server, "forms_refused_" + name).tenants("t", 1, 2, SALES)) {
      Refused refused = (Refused) form(fleet, "t1", query);
      assertThat(refused.reason()).isEqualTo(Reason.DefinitionRefused);
      assertThat(refused.sqlState()).isEqualTo(sqlState);
      assertThat(refused.message()).contains(words);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          two | SELECT day FROM sales; DROP TABLE sales | semicolon
          end | SELECT day FROM sales; | semicolon
          open | SELECT (day FROM sales | does not close
          comment | SELECT day FROM sales /* | does not close
          parameter | SELECT $1 FROM sales | parameter
          """)
  void whatIsNotOneStatementReachesNoServer(
      String name, String query, String words, PostgresServer server) {
    try (Fleet fleet = fleet(server, "forms_one_" + name).tenants("t", 1, 2, SALES)) {
      Refused refused = (Refused) form(fleet, "t1", query);
      assertThat(refused.reason()).isEqualTo(Reason.SpecInvalid);
      assertThat(refused.message()).startsWith("aggregates[daily].query").contains(words);
    }
  }

  @Test
  void aCheckOptionBelongsToViewsOnly(PostgresServer server) {
    try (Fleet fleet = fleet(server, "forms_check").tenants("t", 1, 2, SALES)) {
      assertThat(form(fleet, "t1", "SELECT day FROM sales WHERE shop = 1 WITH CHECK OPTION"))
          .isInstanceOfSatisfying(
              Refused.class, r -> assertThat(r.message()).contains("WITH CHECK OPTION"));
    }
  }

  @Test
  void aCommentAtTheEndSwallowsNothing(PostgresServer server) {
    try (Fleet fleet = fleet(server, "forms_comment").tenants("t", 1, 2, SALES)) {
      assertThat(form(fleet, "t1", QUERY + " -- the end")).isInstanceOf(Buildable.class);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          function | SELECT sneak(day) AS day FROM sales | function sneak
          operator | SELECT day FROM sales WHERE shop = kg | operator =
          view | SELECT day FROM peek | view peek
          policy | SELECT day FROM secret | row security of secret
          constraint | SELECT day FROM checked | constraint sneaky of checked
          statistics | SELECT day FROM counted | statistics sneaked of counted
          leaf_index | SELECT day FROM parted | index sneak_ix of leaf
          array | SELECT day FROM sales WHERE mood IN ('ok', 'sad') |
          none | SELECT day, mood FROM sales WHERE mood = 'ok' |
          """)
  void aTenantsOwnCodeIsFound(String name, String query, String code, PostgresServer server) {
    try (Fleet fleet =
        fleet(server, "forms_code_" + name)
            .tenant(
                "t1",
                "app",
                "CREATE TYPE mood AS ENUM ('ok', 'sad')",
                "CREATE TABLE sales (day date, shop int, kg numeric, mood mood)",
                "CREATE FUNCTION sneak(date) RETURNS date LANGUAGE sql AS 'SELECT $1'",
                "CREATE FUNCTION eq(int, numeric) RETURNS boolean LANGUAGE sql AS 'SELECT true'",
                "CREATE OPERATOR = (FUNCTION = eq, LEFTARG = int, RIGHTARG = numeric)",
                "CREATE VIEW peek AS SELECT day FROM sales",
                "CREATE TABLE secret (day date)",
                "CREATE FUNCTION still(date) RETURNS date IMMUTABLE LANGUAGE sql AS 'SELECT $1'",
                "CREATE TABLE checked (day date, CONSTRAINT sneaky CHECK (still(day) = day))",
                "CREATE TABLE counted (day date, shop int)",
                "CREATE STATISTICS sneaked ON (still(day)), shop FROM counted",
                "CREATE TABLE parted (day date) PARTITION BY RANGE (day)",
                "CREATE TABLE leaf PARTITION OF parted DEFAULT",
                "CREATE INDEX sneak_ix ON leaf (still(day))",
                "ALTER TABLE secret ENABLE ROW LEVEL SECURITY",
                "ALTER TABLE secret FORCE ROW LEVEL SECURITY")) {
      Buildable form = (Buildable) form(fleet, "t1", query);
      assertThat(form.tenantCode()).isEqualTo(Optional.ofNullable(code));
    }
  }

  @Test
  void noCodeOfATenantRuns(PostgresServer server) throws SQLException {
    try (Fleet fleet =
        fleet(server, "forms_canary")
            .tenant(
                "t1",
                "app",
                SALES,
                "CREATE FUNCTION bomb() RETURNS int IMMUTABLE LANGUAGE plpgsql AS"
                    + " $$ BEGIN RAISE EXCEPTION 'ran'; END $$")) {
      Buildable form = (Buildable) form(fleet, "t1", "SELECT day, bomb() AS b FROM sales");
      assertThat(form.tenantCode()).contains("function bomb");
    }
  }

  @Test
  void aLockedTableIsTriedInAnotherTenantAndOtherwiseUnknown(PostgresServer server)
      throws SQLException {
    try (Fleet fleet = fleet(server, "forms_locked").tenants("t", 1, 3, SALES);
        Connection other = server.connect(fleet.name());
        Statement statement = other.createStatement()) {
      other.setAutoCommit(false);
      statement.execute("LOCK TABLE t1.sales IN ACCESS EXCLUSIVE MODE");
      assertThat(form(fleet, "t1", QUERY)).isInstanceOf(Buildable.class);
      statement.execute("LOCK TABLE t2.sales IN ACCESS EXCLUSIVE MODE");
      assertThat(form(fleet, "t1", QUERY))
          .isInstanceOfSatisfying(
              Unknown.class, u -> assertThat(u.reason()).isEqualTo(Reason.Busy));
      other.rollback();
    }
  }

  @Test
  void withoutTempAnOrdinaryViewIsTriedAndNothingStays(PostgresServer server) throws SQLException {
    try (Fleet fleet = fleet(server, "forms_temp").tenants("t", 1, 2, SALES)) {
      fleet.run("REVOKE TEMP ON DATABASE forms_temp FROM PUBLIC");
      assertThat(form(fleet, "t1", QUERY)).isInstanceOf(Buildable.class);
      try (Connection connection = server.connect(fleet.name());
          Statement statement = connection.createStatement()) {
        var rows = statement.executeQuery("SELECT FROM pg_class WHERE relname LIKE '\\_tdb\\_%'");
        assertThat(rows.next()).isFalse();
      }
    }
  }
}
