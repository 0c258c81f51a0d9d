package io.tenantdb.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.model.AggregateChange.CreateAggregate;
import io.tenantdb.model.AggregateChange.FillAggregate;
import io.tenantdb.model.AggregateChange.MarkAggregate;
import io.tenantdb.model.AggregateChange.SetMaterializedOnly;
import io.tenantdb.model.AggregateIndexChange.CreateAggregateIndex;
import io.tenantdb.model.AggregateIndexChange.MarkAggregateIndex;
import io.tenantdb.model.DesiredAggregate.Fallback;
import io.tenantdb.model.DesiredAggregate.Refresh;
import io.tenantdb.model.MaterializedViewChange.CreateMaterializedView;
import io.tenantdb.model.MaterializedViewChange.RefreshMaterializedView;
import io.tenantdb.model.ObservedAggregate.Kind;
import io.tenantdb.model.ObservedAggregate.Materialization;
import io.tenantdb.model.RefreshPolicyChange.AddRefreshPolicy;
import io.tenantdb.model.RefreshPolicyChange.AlterRefreshPolicy;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The SQL of each change of an aggregate. */
class AggregateChangeTest {

  private static final IndexBody BODY = new IndexBody(false, "USING btree (a)");
  private static final String HASH = "0123456789abcdef";
  private static final String QUERY = "SELECT 1 AS a FROM t -- and so on";
  private static final String NAME = "da\"il'y";
  private static final Target TARGET = new Target("te\"nant", NAME, "app");
  private static final String RELATION = "\"te\"\"nant\".\"da\"\"il'y\"";
  private static final String LITERAL = "'" + RELATION.replace("'", "''") + "'";
  private static final List<String> PATH = List.of("te\"nant", "public");
  private static final Refresh REFRESH =
      new Refresh(
          "1 hour",
          Optional.of(new TimeSpan.Interval("7 days")),
          new TimeSpan.Interval("2 hours"),
          HASH);
  private static final DesiredIndex UNIQUE =
      new DesiredIndex(
          "u\"q",
          NAME,
          List.of(
              new DesiredIndex.Key(
                  Optional.of("a"),
                  Optional.empty(),
                  false,
                  Optional.empty(),
                  Optional.empty(),
                  Optional.empty())),
          "btree",
          true,
          false,
          List.of(),
          Optional.empty(),
          Map.of(),
          HASH);
  private static final DesiredAggregate AGGREGATE =
      new DesiredAggregate(
          NAME,
          QUERY,
          true,
          Optional.of(REFRESH),
          Fallback.MATERIALIZED_VIEW,
          Optional.of("SELECT 2 AS a FROM t"),
          Optional.of(UNIQUE),
          Set.of("t"),
          HASH);
  private static final Mark MARK = AGGREGATE.mark("o/o", Mark.Origin.MADE);
  private static final Mark JOB =
      new Mark("o/o", Mark.REFRESH, NAME, HASH, Mark.Origin.MADE, false);
  private static final ViewText TEXT = new ViewText("SELECT 1 AS a FROM <tenant>.t;");
  private static final Materialization AT =
      new Materialization(42, "_timescaledb_internal", "_materialized_hypertable_42");

  private static final String ADD =
      "PERFORM \"ts\".\"add_continuous_aggregate_policy\"("
          + LITERAL
          + "::regclass, start_offset => '7 days'::interval, end_offset => '2 hours'::interval,"
          + " schedule_interval => '1 hour'::interval, initial_start => now() + '60 seconds'::interval);";

  private static CreateAggregate create(DesiredAggregate aggregate) {
    return new CreateAggregate(TARGET, aggregate, "t", TEXT, MARK, JOB, 60, PATH, "ts", false);
  }

  private static List<String> lines(Change change) {
    return Scripts.acts(change);
  }

  @Test
  void aContinuousAggregateIsMadeWithItsMarkAndItsPolicyInOneTransaction() {
    List<String> lines = lines(create(AGGREGATE));

    assertThat(lines)
        .startsWith(
            "SET LOCAL ROLE \"app\";",
            "SET LOCAL search_path = \"te\"\"nant\", \"public\";",
            "CREATE MATERIALIZED VIEW "
                + RELATION
                + " WITH (timescaledb.continuous, timescaledb.materialized_only = true) AS",
            QUERY,
            "WITH NO DATA;",
            "SET LOCAL search_path = pg_catalog;",
            "COMMENT ON VIEW " + RELATION + " IS '" + MARK.text() + "';",
            ADD);
    assertThat(lines.get(8))
        .startsWith("PERFORM \"ts\".\"alter_job\"(j.job_id, config => j.config || ")
        .contains("jsonb_build_object('managed_by', '" + JOB.text() + "'::text)")
        .contains("c.user_view_schema = 'te\"nant' AND c.user_view_name = 'da\"il''y'");
    assertThat(lines).hasSize(9);
  }

  @Test
  void withoutARefreshThereIsNoPolicy() {
    DesiredAggregate unmanaged =
        new DesiredAggregate(
            NAME,
            QUERY,
            false,
            Optional.empty(),
            Fallback.SKIP,
            Optional.empty(),
            Optional.empty(),
            Set.of(),
            HASH);

    assertThat(create(unmanaged).script())
        .contains("materialized_only = false")
        .doesNotContain("policy");
  }

  @Test
  void thePolicyAndItsMarkAreTwoStatements() {
    AddRefreshPolicy add = new AddRefreshPolicy(TARGET, REFRESH, 60, JOB, "ts", false);

    // A query does not see the rows that a function in it makes.
    assertThat(add.statements()).hasSize(2);
    assertThat(lines(add)).startsWith("SET LOCAL ROLE \"app\";", ADD).hasSize(3);
  }

  @Test
  void whereTheServerRefusesItAJobIsAlteredWhileItHangsOnTheSource() {
    AddRefreshPolicy add = new AddRefreshPolicy(TARGET, REFRESH, 60, JOB, "ts", false, true);

    assertThat(add.statements()).hasSize(4);
    assertThat(add.statements().get(1).sql())
        .contains("alter_job_set_hypertable_id(j.job_id,", "h.id = c.parent_mat_hypertable_id");
    assertThat(add.statements().get(2).sql()).contains("alter_job", "managed_by");
    assertThat(add.statements().get(3).sql())
        .contains("alter_job_set_hypertable_id(j.job_id,", "h.id = c.mat_hypertable_id")
        .contains("c.parent_mat_hypertable_id IS NOT NULL");
  }

  @Test
  void aWindowFromTheBeginningAndIntegerTimeAreTyped() {
    Refresh whole = new Refresh("1 hour", Optional.empty(), new TimeSpan.Whole(100), HASH);

    assertThat(new AddRefreshPolicy(TARGET, whole, 0, JOB, "ts", false).script())
        .contains("start_offset => NULL, end_offset => '100'::smallint");
    assertThat(alter(whole, true, Optional.empty()).script())
        .contains("'start_offset', NULL::text, 'end_offset', '100'::bigint, 'managed_by'");
  }

  private static AlterRefreshPolicy alter(
      Refresh refresh, boolean offsets, Optional<String> every) {
    return new AlterRefreshPolicy(
        TARGET, 1001, refresh, offsets, every, 60, JOB, "before", "after", "ts", false);
  }

  @Test
  void aPolicyIsAlteredInPlaceAndOnlyWhereItDiffers() {
    assertThat(alter(REFRESH, true, Optional.of("1 hour")).script())
        .contains("schedule_interval => '1 hour'::interval, next_start => now() + '60 seconds'")
        .contains(
            "config => j.config || jsonb_build_object('start_offset', ('7 days'::interval)::text")
        .contains("WHERE j.job_id = '1001'::integer");
    assertThat(alter(REFRESH, false, Optional.empty()).script())
        .contains("jsonb_build_object('managed_by', ")
        .doesNotContain("offset")
        .doesNotContain("schedule_interval");
  }

  @Test
  void aMaterializedViewIsMadeWithItsRowsAndItsUniqueIndexOrNotAtAll() {
    CreateMaterializedView create =
        new CreateMaterializedView(
            TARGET, AGGREGATE, TEXT, MARK, UNIQUE.mark("o/o", Mark.Origin.MADE), PATH, false);

    assertThat(lines(create))
        .containsExactly(
            "SET LOCAL ROLE \"app\";",
            "SET LOCAL search_path = \"te\"\"nant\", \"public\";",
            "CREATE MATERIALIZED VIEW " + RELATION + " AS",
            "SELECT 2 AS a FROM t",
            "WITH DATA;",
            "SET LOCAL search_path = pg_catalog;",
            "CREATE UNIQUE INDEX \"u\"\"q\" ON " + RELATION + " USING \"btree\" (\"a\");",
            "COMMENT ON INDEX \"te\"\"nant\".\"u\"\"q\" IS '" + create.indexMark().text() + "';",
            "COMMENT ON MATERIALIZED VIEW " + RELATION + " IS '" + MARK.text() + "';");
    assertThat(create.lasting()).isTrue();
  }

  @Test
  void aPersonsCommentStaysBelowTheMark() {
    String existing = MARK.withSpec("fedcba9876543210").above("it's mine");

    assertThat(new MarkAggregate(TARGET, Kind.CONTINUOUS, MARK, existing, "", 7).script())
        .contains("COMMENT ON VIEW " + RELATION + " IS '" + MARK.text() + "\nit''s mine';");
    assertThat(new MarkAggregate(TARGET, Kind.MATERIALIZED_VIEW, MARK, "", "", 7).script())
        .contains("COMMENT ON MATERIALIZED VIEW " + RELATION + " IS '" + MARK.text() + "';");
    assertThat(fill(existing).filled().sql())
        .isEqualTo("COMMENT ON VIEW " + RELATION + " IS '" + MARK.text() + " filled\nit''s mine'");
    assertThat(refresh(existing).script())
        .contains(MARK.text() + " refreshed=2026-06-01T00:00:00Z\nit''s mine';");
  }

  private static FillAggregate fill(String comment) {
    return new FillAggregate(
        TARGET,
        new CanonicalAggregate.Source(Optional.empty(), "t"),
        Optional.of(new TimeSpan.Interval("2 hours")),
        MARK,
        comment,
        "ts");
  }

  private static RefreshMaterializedView refresh(String comment) {
    return new RefreshMaterializedView(
        TARGET, Instant.parse("2026-06-01T00:00:00Z"), Optional.empty(), true, MARK, comment);
  }

  @Test
  void aFillIsNoTransactionAndEndsWhereThePolicyWould() {
    assertThat(lines(fill("")))
        .containsExactly(
            "SET ROLE \"app\";",
            "CALL \"ts\".\"refresh_continuous_aggregate\"("
                + LITERAL
                + ", NULL, now() - interval '2 hours');",
            "COMMENT ON VIEW " + RELATION + " IS '" + MARK.text() + " filled';",
            "RESET ROLE;");
  }

  @Test
  void aRefreshKeepsReadersUnlessThereCanBeNone() {
    assertThat(refresh("").script())
        .contains("REFRESH MATERIALIZED VIEW CONCURRENTLY " + RELATION + ";");
    assertThat(
            new RefreshMaterializedView(TARGET, Instant.EPOCH, Optional.empty(), false, MARK, "")
                .script())
        .contains("REFRESH MATERIALIZED VIEW " + RELATION + ";");
    assertThat(refresh("").upkeep()).isTrue();
  }

  @Test
  void materializedOnlyIsSetInPlace() {
    assertThat(new SetMaterializedOnly(TARGET, false, true, Optional.empty()).script())
        .contains(
            "ALTER MATERIALIZED VIEW "
                + RELATION
                + " SET (timescaledb.materialized_only = false);");
  }

  private static CreateAggregateIndex index(String name) {
    DesiredIndex index =
        new DesiredIndex(
            name,
            NAME,
            UNIQUE.keys(),
            "btree",
            false,
            false,
            List.of(),
            Optional.empty(),
            Map.of(),
            HASH);
    return new CreateAggregateIndex(
        TARGET,
        AT,
        index,
        new CanonicalIndex.Buildable(new IndexBody(false, "USING btree (a)"), Set.of()),
        index.mark("o/o", Mark.Origin.MADE),
        PATH,
        false,
        AggregateIndexChange.liveName(name, AT));
  }

  @Test
  void anIndexBearsTheIdOfWhatItStandsOnBecauseAllTenantsShareTheSchema() {
    assertThat(index("ix\"").statements().stream().map(Statement::sql).toList())
        .startsWith(
            "SET LOCAL search_path = \"te\"\"nant\", \"public\"",
            "CREATE INDEX \"ix\"\"_42\" ON " + RELATION + " USING \"btree\" (\"a\")",
            "SET LOCAL search_path = pg_catalog")
        .last()
        .asString()
        .startsWith("COMMENT ON INDEX \"_timescaledb_internal\".\"ix\"\"_42\" IS 'tenantdb:v1 ");
    assertThat(AggregateIndexChange.liveName("x".repeat(63), AT)).isEqualTo("x".repeat(60) + "_42");
    assertThat(AggregateIndexChange.liveName("é".repeat(31), AT)).isEqualTo("é".repeat(30) + "_42");
  }

  @Test
  void theMarkOfAnIndexStandsAboveItsComment() {
    Mark mark = UNIQUE.mark("o/o", Mark.Origin.ADOPTED);

    assertThat(new MarkAggregateIndex(TARGET, AT, "ix", "by_hand", mark, "mine", BODY).statements())
        .containsExactly(
            Statement.of(
                "COMMENT ON INDEX \"_timescaledb_internal\".\"by_hand\" IS '"
                    + mark.text()
                    + "\nmine'"));
  }

  @Test
  void noTenantIsInAPattern() {
    Stream.of(
            create(AGGREGATE),
            new AddRefreshPolicy(TARGET, REFRESH, 60, JOB, "ts", false),
            alter(REFRESH, true, Optional.of("1 hour")),
            new CreateMaterializedView(TARGET, AGGREGATE, TEXT, MARK, MARK, PATH, false),
            new MarkAggregate(TARGET, Kind.CONTINUOUS, MARK, "mine", "", 1001),
            fill("mine"),
            refresh("te\"nant"),
            new SetMaterializedOnly(TARGET, true, false, Optional.empty()),
            index("ix"),
            new MarkAggregateIndex(TARGET, AT, "ix", "ix_42", MARK, "mine", BODY))
        .forEach(
            change ->
                assertThat(change.anyTenant().script())
                    .doesNotContainPattern("te\"+nant")
                    .doesNotContain("60 seconds")
                    .doesNotContain("1001"));
  }
}
