package io.tenantdb.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.model.AggregateIndexChange.CreateAggregateIndex;
import io.tenantdb.model.AggregateIndexChange.ReplaceAggregateIndex;
import io.tenantdb.model.CanonicalIndex.Buildable;
import io.tenantdb.model.IndexChange.Build;
import io.tenantdb.model.IndexChange.CreateIndex;
import io.tenantdb.model.IndexChange.DropLeftover;
import io.tenantdb.model.IndexChange.PublishIndex;
import io.tenantdb.model.IndexReplacement.ReplaceIndex;
import io.tenantdb.model.IndexReplacement.Replaced;
import io.tenantdb.model.ObservedAggregate.Materialization;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** The SQL that a person could run to the same effect as a change of an index. */
class IndexReplacementTest {

  private static final Target TARGET = new Target("te\"nant", "t", "app");
  private static final String HASH = "0123456789abcdef";
  private static final DesiredIndex PLAIN = index(Optional.empty(), Optional.of("a"));
  private static final DesiredIndex EXPRESSION = index(Optional.of("lower(b)"), Optional.empty());
  private static final String BUILT = "\"te\"\"nant\".\"" + PLAIN.reservedName() + "\"";
  private static final String RETIRED = ReservedName.retired("t", "ix", HASH).text();

  private static DesiredIndex index(Optional<String> expression, Optional<String> column) {
    return new DesiredIndex(
        "ix",
        "t",
        List.of(
            new DesiredIndex.Key(
                column,
                expression,
                false,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Map.of(),
                expression.map(any -> 500))),
        "btree",
        false,
        false,
        List.of(),
        Optional.empty(),
        Map.of(),
        HASH);
  }

  private static CreateIndex create(DesiredIndex index, Build build) {
    IndexBody body = new IndexBody(false, "USING btree (a)");
    return new CreateIndex(
        TARGET,
        index,
        build,
        new Buildable(body, Set.of(body)),
        index.mark("a/b", Mark.Origin.MADE),
        List.of("te\"nant", "public"),
        false);
  }

  private static String mark(DesiredIndex index) {
    return index.mark("a/b", Mark.Origin.MADE).text();
  }

  @Test
  void aBuildThatNeedsAPathLeavesNoneBehind() {
    String ix = "\"te\"\"nant\".\"" + EXPRESSION.reservedName() + "\"";
    String aside = aside(EXPRESSION.reservedName());
    assertThat(Scripts.acts(create(EXPRESSION, Build.CONCURRENTLY)))
        .containsExactly(
            "SET ROLE \"app\";",
            "SET LOCAL ROLE \"app\";",
            "ALTER INDEX " + ix + " RENAME TO \"" + aside + "\";",
            "DROP INDEX CONCURRENTLY IF EXISTS \"te\"\"nant\".\"" + aside + "\";",
            "SET DateStyle = 'ISO, MDY';",
            "SET IntervalStyle = 'postgres';",
            "SET TimeZone = 'UTC';",
            "SET search_path = \"te\"\"nant\", \"public\";",
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS \""
                + EXPRESSION.reservedName()
                + "\" ON \"te\"\"nant\".\"t\" USING \"btree\" ((",
            "lower(b)",
            "));",
            "RESET DateStyle;",
            "RESET IntervalStyle;",
            "RESET TimeZone;",
            "RESET search_path;",
            "SET LOCAL ROLE \"app\";",
            "ALTER INDEX " + ix + " ALTER COLUMN 1 SET STATISTICS 500;",
            "COMMENT ON INDEX " + ix + " IS '" + mark(EXPRESSION) + "';",
            "ALTER INDEX " + ix + " RENAME TO \"ix\";",
            "RESET ROLE;");
  }

  private static String aside(String name) {
    return ReservedName.discarded("t", name).text();
  }

  @Test
  void aReplacementBuildsBesideAndSwapsInOneTransactionAndDropsLast() {
    Replaced old =
        new Replaced(
            new IndexBody(false, "USING btree (b)"),
            true,
            RETIRED,
            "btree (b)",
            false,
            true,
            "tenantdb:v1 owner=a/b name=ix table=t spec=feedfeedfeedfeed made\nit's mine",
            new TreeMap<>(Map.of(2, 7)),
            true);
    ReplaceIndex replace = new ReplaceIndex(create(PLAIN, Build.CONCURRENTLY), old);
    String built = aside(PLAIN.reservedName());
    assertThat(Scripts.acts(replace))
        .containsExactly(
            "SET ROLE \"app\";",
            "SET LOCAL ROLE \"app\";",
            "ALTER INDEX " + BUILT + " RENAME TO \"" + built + "\";",
            "DROP INDEX CONCURRENTLY IF EXISTS \"te\"\"nant\".\"" + built + "\";",
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS \""
                + PLAIN.reservedName()
                + "\" ON \"te\"\"nant\".\"t\" USING \"btree\" (\"a\");",
            "SET LOCAL ROLE \"app\";",
            replace.keepingConstraintsOff().sql() + ";",
            "ALTER INDEX \"te\"\"nant\".\"ix\" RENAME TO \"" + RETIRED + "\";",
            "ALTER INDEX " + BUILT + " ALTER COLUMN 2 SET STATISTICS 7;",
            "COMMENT ON INDEX " + BUILT + " IS '" + mark(PLAIN),
            "it''s mine';",
            "ALTER INDEX " + BUILT + " RENAME TO \"ix\";",
            "ALTER TABLE \"te\"\"nant\".\"t\" CLUSTER ON \"ix\";",
            "SET LOCAL ROLE \"app\";",
            "ALTER INDEX \"te\"\"nant\".\"" + RETIRED + "\" RENAME TO \"" + aside(RETIRED) + "\";",
            "DROP INDEX CONCURRENTLY IF EXISTS \"te\"\"nant\".\"" + aside(RETIRED) + "\";",
            "RESET ROLE;");
  }

  @Test
  void publishingSetsTheDeclaredStatistics() {
    PublishIndex publish =
        new PublishIndex(
            TARGET,
            PLAIN.reservedName(),
            "ix",
            PLAIN.mark("a/b", Mark.Origin.MADE),
            new IndexBody(false, "USING btree (a)"),
            new TreeMap<>(Map.of(1, 500)),
            false);
    assertThat(Scripts.acts(publish))
        .containsExactly(
            "SET LOCAL ROLE \"app\";",
            "ALTER INDEX " + BUILT + " ALTER COLUMN 1 SET STATISTICS 500;",
            "COMMENT ON INDEX " + BUILT + " IS '" + mark(PLAIN) + "';",
            "ALTER INDEX " + BUILT + " RENAME TO \"ix\";");
    assertThat(publish.anyTenant().script()).contains("SET STATISTICS 500");
  }

  @Test
  void aLeftoverIsDroppedConcurrentlyWhereThatCanBe() {
    String aside = "\"te\"\"nant\".\"" + aside("x") + "\"";
    assertThat(Scripts.acts(new DropLeftover(TARGET, "x", false)))
        .containsExactly(
            "SET ROLE \"app\";",
            "SET LOCAL ROLE \"app\";",
            "ALTER INDEX \"te\"\"nant\".\"x\" RENAME TO \"" + aside("x") + "\";",
            "DROP INDEX CONCURRENTLY IF EXISTS " + aside + ";",
            "RESET ROLE;");
    assertThat(Scripts.acts(new DropLeftover(TARGET, "x", true)))
        .containsExactly("SET LOCAL ROLE \"app\";", "DROP INDEX \"te\"\"nant\".\"x\";");
  }

  @Test
  void anIndexOfAContinuousAggregateIsReplacedInOneTransaction() {
    Materialization mat = new Materialization(42, "_timescaledb_internal", "_mat_42");
    IndexBody body = new IndexBody(false, "USING btree (a)");
    String other = "ix_" + HASH + "_42";
    CreateAggregateIndex build =
        new CreateAggregateIndex(
            TARGET,
            mat,
            PLAIN,
            new Buildable(body, Set.of(body)),
            PLAIN.mark("a/b", Mark.Origin.MADE),
            List.of("te\"nant"),
            false,
            other);
    assertThat(
            Scripts.acts(
                new ReplaceAggregateIndex(build, "ix_42", "btree (b)", true, "kept", false)))
        .isEqualTo(aggregateScript(other, "ix_42"));
  }

  private static List<String> aggregateScript(String made, String dropped) {
    return List.of(
        "SET LOCAL ROLE \"app\";",
        "SET LOCAL search_path = \"te\"\"nant\";",
        "CREATE INDEX \"" + made + "\" ON \"te\"\"nant\".\"t\" USING \"btree\" (\"a\");",
        "SET LOCAL search_path = pg_catalog;",
        "COMMENT ON INDEX \"_timescaledb_internal\".\"" + made + "\" IS '" + mark(PLAIN),
        "kept';",
        "DROP INDEX \"_timescaledb_internal\".\"" + dropped + "\";");
  }
}
