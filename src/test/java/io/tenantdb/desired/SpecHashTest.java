package io.tenantdb.desired;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.model.DesiredHypertable;
import io.tenantdb.model.DesiredIndex;
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
        .isNotEqualTo(index("{name: ix, table: t, keys: [{column: a}], unique: true}"))
        .isNotEqualTo(index("{name: ix, table: t, keys: [{column: a}], include: [b]}"))
        .isNotEqualTo(index("{name: ix, table: t, keys: [{column: a}], where: a > 0}"))
        .isNotEqualTo(index("{name: ix, table: t, keys: [{column: a}], with: {fillfactor: 9}}"));
    assertThat(index("{name: ix, table: t, columns: [a], unique: true}"))
        .isNotEqualTo(
            index("{name: ix, table: t, columns: [a], unique: true, nullsNotDistinct: true}"));
  }

  private static String index(String yaml) {
    DesiredIndex index = Specs.with("indexes:\n- " + yaml.replace("\n", " ")).indexes().get(0);
    return index.specHash();
  }
}
