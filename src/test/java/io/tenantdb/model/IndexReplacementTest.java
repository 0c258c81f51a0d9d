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
    assertThat(create(EXPRESSION, Build.CONCURRENTLY).script().lines())
        .containsExactly(
            "SET search_path = \"te\"\"nant\", \"public\";",
            "CREATE INDEX CONCURRENTLY \""
                + EXPRESSION.reservedName()
                + "\" ON \"te\"\"nant\".\"t\" USING \"btree\" ((",
            "lower(b)",
            "));",
            "RESET search_path;",
            "BEGIN;",
            "ALTER INDEX " + ix + " ALTER COLUMN 1 SET STATISTICS 500;",
            "COMMENT ON INDEX " + ix + " IS '" + mark(EXPRESSION) + "';",
            "ALTER INDEX " + ix + " RENAME TO \"ix\";",
            "COMMIT;");
  }

  @Test
  void aReplacementBuildsBesideAndSwapsInOneTransactionAndDropsLast() {
    Replaced old =
        new Replaced(
            RETIRED,
            "btree (b)",
            false,
            true,
            "tenantdb:v1 owner=a/b name=ix table=t spec=feedfeedfeedfeed made\nit's mine",
            new TreeMap<>(Map.of(2, 7)),
            true);
    assertThat(new ReplaceIndex(create(PLAIN, Build.CONCURRENTLY), old).script())
        .isEqualTo(
            String.join(
                "\n",
                "CREATE INDEX CONCURRENTLY \""
                    + PLAIN.reservedName()
                    + "\" ON \"te\"\"nant\".\"t\" USING \"btree\" (\"a\");",
                "BEGIN;",
                "ALTER INDEX \"te\"\"nant\".\"ix\" RENAME TO \"" + RETIRED + "\";",
                "ALTER INDEX " + BUILT + " ALTER COLUMN 2 SET STATISTICS 7;",
                "COMMENT ON INDEX " + BUILT + " IS '" + mark(PLAIN) + "\nit''s mine';",
                "ALTER INDEX " + BUILT + " RENAME TO \"ix\";",
                "ALTER TABLE \"te\"\"nant\".\"t\" CLUSTER ON \"ix\";",
                "COMMIT;",
                "DROP INDEX CONCURRENTLY \"te\"\"nant\".\"" + RETIRED + "\";"));
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
    assertThat(publish.script().lines())
        .containsExactly(
            "ALTER INDEX " + BUILT + " ALTER COLUMN 1 SET STATISTICS 500;",
            "COMMENT ON INDEX " + BUILT + " IS '" + mark(PLAIN) + "';",
            "ALTER INDEX " + BUILT + " RENAME TO \"ix\";");
    assertThat(publish.anyTenant().script()).contains("SET STATISTICS 500");
  }

  @Test
  void aLeftoverIsDroppedConcurrentlyWhereThatCanBe() {
    assertThat(new DropLeftover(TARGET, "x", false).script())
        .isEqualTo("DROP INDEX CONCURRENTLY \"te\"\"nant\".\"x\";");
    assertThat(new DropLeftover(TARGET, "x", true).script())
        .isEqualTo("DROP INDEX \"te\"\"nant\".\"x\";");
  }

  @Test
  void anIndexOfAContinuousAggregateIsReplacedInOneTransaction() {
    Materialization mat = new Materialization(42, "_timescaledb_internal", "_mat_42");
    IndexBody body = new IndexBody(false, "USING btree (a)");
    CreateAggregateIndex build =
        new CreateAggregateIndex(
            TARGET,
            mat,
            PLAIN,
            new Buildable(body, Set.of(body)),
            PLAIN.mark("a/b", Mark.Origin.MADE),
            List.of("te\"nant"),
            false);
    String other = "ix_" + HASH + "_42";
    assertThat(new ReplaceAggregateIndex(build, "ix_42", "btree (b)", true, "kept").script())
        .isEqualTo(aggregateScript(other, "ix_42"));
    assertThat(new ReplaceAggregateIndex(build, other, "btree (b)", true, "kept").script())
        .isEqualTo(aggregateScript("ix_42", other));
  }

  private static String aggregateScript(String made, String dropped) {
    return String.join(
        "\n",
        "SET LOCAL search_path = \"te\"\"nant\";",
        "CREATE INDEX \"" + made + "\" ON \"te\"\"nant\".\"t\" USING \"btree\" (\"a\");",
        "SET LOCAL search_path = pg_catalog;",
        "COMMENT ON INDEX \"_timescaledb_internal\".\""
            + made
            + "\" IS '"
            + mark(PLAIN)
            + "\nkept';",
        "DROP INDEX \"_timescaledb_internal\".\"" + dropped + "\";");
  }
}
