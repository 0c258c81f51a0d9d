package io.tenantdb.desired;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.model.DesiredAggregate;
import io.tenantdb.model.DesiredHypertable;
import io.tenantdb.model.DesiredIndex;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Golden values: the hashes stand in the marks of production catalogs, so a changed one would
 * rewrite every mark of every tenant.
 */
class SpecHashTest {

  @Test
  void hashOfAPlainIndexIsFinal() {
    assertThat(index("{name: ix_batches_intake_date, table: batches, columns: [intake_date]}"))
        .isEqualTo("e9b60335d3f57d19");
  }

  @Test
  void hashOfAnIndexWithEveryFieldIsFinal() {
    assertThat(
            index(
                """
                {name: ix, table: t, unique: true, nullsNotDistinct: true, method: gist, include: [c],
                 keys: [{expression: lower(name), order: Desc, nulls: Last, collation: '"C"'},
                        {column: b, opclass: public.gist_trgm_ops}],
                 where: 'b > 0', with: {fillfactor: 90, buffering: "on"}}
                """))
        .isEqualTo("ba2ecb11791becd8");
  }

  @Test
  void hashOfAnIndexWithWhatCameLaterIsFinal() {
    assertThat(
            index(
                """
                {name: ix, table: t, method: gist, tablespace: fast,
                 keys: [{expression: lower(name), opclass: public.gist_trgm_ops,
                         opclassParameters: {siglen: 32}, statistics: 500}]}
                """))
        .isEqualTo("6e4925900f027e08");
  }

  @Test
  void hashesOfPoliciesAreFinal() {
    DesiredHypertable hypertable =
        Specs.with(
                """
                hypertables:
                - table: batch_history
                  timeColumn: recorded_at
                  compression: {after: 30 days, segmentBy: [batch_id], orderBy: [{column: recorded_at, order: Desc}], every: 1 day}
                  retention: {dropAfter: 2 years, every: 1 month}
                """)
            .hypertables()
            .get(0);
    assertThat(hypertable.compression().orElseThrow().specHash()).isEqualTo("2df0f8360bb7da8a");
    assertThat(hypertable.retention().orElseThrow().specHash()).isEqualTo("0f0eedd18a1ced60");
  }

  @Test
  void hashOfAnAbsentPolicyIsFinal() {
    DesiredHypertable hypertable =
        Specs.with(
                "hypertables: [{table: t, timeColumn: n, compression: {state: Absent},"
                    + " retention: {dropAfter: 100}}]")
            .hypertables()
            .get(0);
    assertThat(hypertable.compression().orElseThrow().specHash()).isEqualTo("cd95c12a30af0586");
    assertThat(hypertable.retention().orElseThrow().specHash()).isEqualTo("b0c8e6e73cad9344");
  }

  @Test
  void everyFieldOfAnIndexChangesTheHash() {
    String base = "{name: ix, table: t, keys: [{column: a}]}";
    assertThat(index(base))
        .isNotEqualTo(index("{name: iy, table: t, keys: [{column: a}]}"))
        .isNotEqualTo(index("{name: ix, table: u, keys: [{column: a}]}"))
        .isNotEqualTo(index("{name: ix, table: t, keys: [{column: b}]}"))
        .isNotEqualTo(index("{name: ix, table: t, keys: [{expression: a}]}"))
        .isNotEqualTo(index("{name: ix, table: t, keys: [{column: a, order: Desc}]}"))
        .isNotEqualTo(index("{name: ix, table: t, keys: [{column: a, nulls: First}]}"))
        .isNotEqualTo(index("{name: ix, table: t, keys: [{column: a, opclass: x}]}"))
        .isNotEqualTo(index("{name: ix, table: t, keys: [{column: a, collation: x}]}"))
        .isNotEqualTo(index("{name: ix, table: t, keys: [{column: a}], method: hash}"))
        .isNotEqualTo(index("{name: ix, table: t, keys: [{column: a}], tablespace: fast}"))
        .isNotEqualTo(index("{name: ix, table: t, keys: [{column: a}], unique: true}"))
        .isNotEqualTo(index("{name: ix, table: t, keys: [{column: a}], include: [b]}"))
        .isNotEqualTo(index("{name: ix, table: t, keys: [{column: a}], where: a > 0}"))
        .isNotEqualTo(index("{name: ix, table: t, keys: [{column: a}], with: {fillfactor: 9}}"));
    assertThat(index("{name: ix, table: t, keys: [{expression: a, opclass: x}]}"))
        .isNotEqualTo(
            index("{name: ix, table: t, keys: [{expression: a, opclass: x, statistics: 0}]}"))
        .isNotEqualTo(
            index(
                "{name: ix, table: t, keys: [{expression: a, opclass: x, opclassParameters: {b:"
                    + " 1}}]}"))
        .isEqualTo(
            index(
                "{name: ix, table: t, keys: [{expression: a, opclass: x, opclassParameters: {}}]}"));
    assertThat(index("{name: ix, table: t, columns: [a], unique: true}"))
        .isNotEqualTo(
            index("{name: ix, table: t, columns: [a], unique: true, nullsNotDistinct: true}"));
  }

  @Test
  void hashOfAPlainAggregateIsFinal() {
    DesiredAggregate plain =
        aggregate(
            "{name: daily, query: SELECT 1, refresh: {every: 1 hour, endOffset: 1 hour}, fallback:"
                + " Skip, materializedOnly: true}");
    assertThat(plain.specHash())
        .isEqualTo("240f2a68b2a436b3")
        .isEqualTo(aggregate("{name: daily, query: SELECT 1}").specHash());
    assertThat(plain.refresh().orElseThrow().specHash()).isEqualTo("4ca3914858cf2b9c");
  }

  @Test
  void hashOfAnAggregateWithEveryFieldIsFinal() {
    DesiredAggregate full =
        aggregate(
            """
            {name: daily, query: SELECT 1 AS a, materializedOnly: false,
             refresh: {every: 1 hour, startOffset: 7 days, endOffset: 1 hour},
             fallback: MaterializedView, fallbackQuery: SELECT 2 AS a, uniqueColumns: [a, b]}
            """);
    assertThat(full.specHash()).isEqualTo("bcbbc038a686476f");
    assertThat(full.refresh().orElseThrow().specHash()).isEqualTo("de10186805cd70f8");
    assertThat(full.uniqueIndex().orElseThrow().specHash()).isEqualTo("cf34bb03c0ee79a4");
  }

  @Test
  void hashOfARefreshOfIntegerTimeIsFinal() {
    assertThat(
            aggregate(
                    "{name: daily, query: SELECT 1, refresh: {every: 1 day, startOffset: 1000,"
                        + " endOffset: 10}}")
                .refresh()
                .orElseThrow()
                .specHash())
        .isEqualTo("b2e4b331aea37d1a");
  }

  @Test
  void everyFieldOfAnAggregateButItsRefreshChangesTheHash() {
    String base =
        "{name: a, query: SELECT 1, refresh: {every: 1 hour, startOffset: 2 days, endOffset: 1 day},"
            + " fallback: MaterializedView, uniqueColumns: [a]}";
    assertThat(List.of(base, base.replace("1 hour", "1 day"), base.replace("2 days", "9 days")))
        .extracting(text -> aggregate(text).specHash())
        .containsOnly(aggregate(base).specHash());
    assertThat(
            Stream.of(
                base,
                base.replace("name: a", "name: b"),
                base.replace("SELECT 1", "SELECT 2"),
                base.replace("SELECT 1", "SELECT 1, fallbackQuery: SELECT 2"),
                base.replace("SELECT 1", "SELECT 1, materializedOnly: false"),
                base.replace("[a]", "[b]"),
                base.replace(", fallback: MaterializedView, uniqueColumns: [a]", "")))
        .extracting(text -> aggregate(text).specHash())
        .doesNotHaveDuplicates();
    assertThat(
            Stream.of(
                base,
                base.replace("1 hour", "2 hours"),
                base.replace("2 days", "3 days"),
                base.replace("startOffset: 2 days, ", ""),
                base.replace("1 day}", "23 hours}")))
        .extracting(text -> aggregate(text).refresh().orElseThrow().specHash())
        .doesNotHaveDuplicates();
  }

  private static DesiredAggregate aggregate(String yaml) {
    return Specs.with("aggregates:\n- " + yaml.replace("\n", " ")).aggregates().get(0);
  }

  private static String index(String yaml) {
    DesiredIndex index = Specs.with("indexes:\n- " + yaml.replace("\n", " ")).indexes().get(0);
    return index.specHash();
  }
}
