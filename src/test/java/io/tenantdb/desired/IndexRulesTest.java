package io.tenantdb.desired;

import static io.tenantdb.desired.Refusals.index;
import static io.tenantdb.desired.Refusals.problems;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.junit.jupiter.api.Test;

class IndexRulesTest {

  @Test
  void namesAreAtMost63Bytes() {
    assertThat(index("{name: ix, table: " + "ü".repeat(31) + "x, columns: [a]}")).isEmpty();
    assertThat(index("{name: ix, table: " + "ü".repeat(32) + ", columns: [a]}"))
        .containsExactly(
            "spec.indexes[0].table: must be at most 63 bytes in UTF-8: PostgreSQL truncates longer"
                + " names silently.");
  }

  @Test
  void namesHaveNoControlCharacters() {
    assertThat(index("{name: \"ix\\0\", table: t, columns: [\"a\\n\"]}"))
        .containsExactly(
            "spec.indexes[0].name: must not have control characters.",
            "spec.indexes[0].columns[0]: must not have control characters.");
  }

  @Test
  void textsThatHaveNoUtf8AreRefused() {
    JsonNode spec =
        Specs.tree(
            Specs.BASE + "indexes: [{name: x, table: t, columns: [a], where: x, with: {a: x}}]");
    ObjectNode index = (ObjectNode) spec.path("indexes").path(0);
    index.put("name", "ix\ud800").put("where", "a > '\udc00'");
    ((ObjectNode) index.path("with")).put("a", "\ud83d");
    String rule = ": must be Unicode: it has half of a surrogate pair.";
    assertThat(problems(spec))
        .containsExactlyInAnyOrder(
            "spec.indexes[0].name" + rule,
            "spec.indexes[0].where" + rule,
            "spec.indexes[0].with.a" + rule);
  }

  @Test
  void columnsAndKeysExcludeEachOther() {
    String rule = "spec.indexes[0]: Exactly one of columns and keys must be set.";
    assertThat(index("{name: ix, table: t, columns: [a], keys: [{column: a}]}"))
        .containsExactly(rule);
    assertThat(index("{name: ix, table: t, columns: []}")).containsExactly(rule);
  }

  @Test
  void aKeyIsAColumnOrAnExpression() {
    String rule = "spec.indexes[0].keys[0]: Exactly one of column and expression must be set.";
    assertThat(index("{name: ix, table: t, keys: [{column: a, expression: b}]}"))
        .containsExactly(rule);
    assertThat(index("{name: ix, table: t, keys: [{order: Desc}]}")).containsExactly(rule);
  }

  @Test
  void keysAndIncludeAreAtMost32Together() {
    String columns = "c" + ", c".repeat(29);
    assertThat(index("{name: ix, table: t, columns: [" + columns + "], include: [a, b]}"))
        .isEmpty();
    assertThat(index("{name: ix, table: t, columns: [" + columns + "], include: [a, b, d]}"))
        .containsExactly(
            "spec.indexes[0]: An index has at most 32 keys and INCLUDE columns together.");
  }

  @Test
  void nullsNotDistinctNeedsUnique() {
    assertThat(index("{name: ix, table: t, columns: [a], nullsNotDistinct: true}"))
        .containsExactly("spec.indexes[0]: nullsNotDistinct is only allowed on a unique index.");
  }

  @Test
  void aUniqueIndexOfAHypertableHasTheTimeColumn() {
    String hypertable = "hypertables: [{table: t, timeColumn: at}]\n";
    assertThat(
            problems(
                Specs.BASE
                    + hypertable
                    + "indexes: [{name: ix, table: t, columns: [a, at], unique: true}]"))
        .isEmpty();
    assertThat(
            problems(
                Specs.BASE
                    + hypertable
                    + "indexes: [{name: ix, table: t, columns: [a], include: [at], unique: true}]"))
        .singleElement()
        .asString()
        .contains("\"ix\"", "time column \"at\"", "\"t\"");
  }

  @Test
  void namesAreUnique() {
    assertThat(
            problems(
                Specs.BASE
                    + """
                    indexes:
                    - {name: ix, table: t, columns: [a]}
                    - {name: ix, table: u, columns: [a]}
                    hypertables:
                    - {table: h, timeColumn: at}
                    - {table: h, timeColumn: at}
                    """))
        .hasSize(2)
        .anySatisfy(p -> assertThat(p).startsWith("spec.indexes[1].name: \"ix\""))
        .anySatisfy(p -> assertThat(p).startsWith("spec.hypertables[1].table: \"h\""));
  }

  @Test
  void anIndexIsNotNamedAsATable() {
    assertThat(index("{name: t, table: t, columns: [a]}"))
        .singleElement()
        .asString()
        .contains("cannot both be named \"t\"");
  }

  @Test
  void operatorClassesAndCollationsAreNamesAndNothingElse() {
    for (String name :
        List.of(
            "text_ops) INCLUDE (b",
            "a.b.c",
            "a b",
            "\"a",
            "\"\"",
            "a--",
            "a;b",
            "public.",
            "\"a\"b\"",
            "x".repeat(64))) {
      for (String field : List.of("opclass", "collation")) {
        assertThat(
                index("{name: ix, table: t, keys: [{column: a, " + field + ": '" + name + "'}]}"))
            .as(name)
            .singleElement()
            .asString()
            .startsWith("spec.indexes[0].keys[0]." + field + ": must be a name");
      }
    }
  }

  @Test
  void quotedNamesMayHoldAnythingButControlCharacters() {
    assertThat(SqlName.quoted("\"a \"\" b\".c")).contains("\"a \"\" b\".\"c\"");
    assertThat(SqlName.quoted("\"a\n\"")).isEmpty();
    assertThat(SqlName.quoted("a\n")).isEmpty();
    assertThat(SqlName.quoted("\"" + "a".repeat(200_000) + "\"")).isEmpty();
  }

  @Test
  void fragmentsAreNotBlank() {
    assertThat(index("{name: ix, table: t, columns: [a], where: ' '}"))
        .containsExactly("spec.indexes[0].where: is blank: write the SQL or remove the field.");
    assertThat(index("{name: ix, table: t, keys: [{expression: \"a\\0\"}]}"))
        .containsExactly("spec.indexes[0].keys[0].expression: must not have the NUL character.");
  }

  @Test
  void storageParametersAreNamesAndHaveValues() {
    assertThat(index("{name: ix, table: t, columns: [a], with: {'x) --': 1}}"))
        .containsExactly(
            "spec.indexes[0].with: parameter names are lower case letters, digits, dots and"
                + " underscores.");
    assertThat(index("{name: ix, table: t, columns: [a], with: {fillfactor: ''}}"))
        .containsExactly(
            "spec.indexes[0].with.fillfactor: is required: give the parameter a value.");
    assertThat(
            index(
                "{name: ix, table: t, columns: [a], with: {timescaledb.transaction_per_chunk: 1}}"))
        .hasSize(1);
  }

  @Test
  void accessMethodsAreLowerCaseNames() {
    assertThat(index("{name: ix, table: t, columns: [a], method: \"btree (a)\"}")).hasSize(1);
  }
}
