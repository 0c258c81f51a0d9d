package io.tenantdb.desired;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class InvalidSpecTest {

  @Test
  void everyProblemIsReportedAtOnceWithItsField() {
    assertThat(
            problems(
                """
                interval: 10s
                database: {host: "db:5432", port: 0, name: fruitpak, maxConnections: 2, tls: {mode: Full}}
                tenants: {patterns: ["pg_*"], onMissingTable: Ignore}
                indexes: [{name: _tdb_x, table: t}]
                """))
        .containsExactly(
            "spec.interval: interval must be between 30s and 24h.",
            "spec.database.host: must be a host name or an address without a port, at most 253"
                + " characters; it is \"db:5432\".",
            "spec.database.port: must be between 1 and 65535; it is 0.",
            "spec.database.credentialsSecretRef.name: is required.",
            "spec.database.tls.mode: must be one of Disable, Require, VerifyCA, VerifyFull; it is"
                + " \"Full\".",
            "spec.database.maxConnections: must be between 4 and 32; it is 2.",
            "spec.tenants.patterns[0]: patterns must not address system schemas (pg_*).",
            "spec.tenants.onMissingTable: must be one of Fail, Skip, Wait; it is \"Ignore\".",
            "spec.indexes[0].name: must not start with '_tdb_' or '_timescaledb_': these prefixes"
                + " are reserved.",
            "spec.indexes[0]: Exactly one of columns and keys must be set.");
  }

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
  void systemSchemasAreNoTenants() {
    for (String schema :
        List.of("pg_catalog", "pg_toast", "information_schema", "_timescaledb_internal")) {
      assertThat(tenants("{schemas: [" + schema + "]}"))
          .containsExactly(
              "spec.tenants.schemas[0]: must not be a system schema (pg_*, information_schema,"
                  + " _timescaledb_*).");
      assertThat(tenants("{schemas: [a], searchPath: [" + schema + "]}")).hasSize(1);
    }
    assertThat(tenants("{schemas: [a], searchPath: [$user]}")).hasSize(1);
  }

  @Test
  void someSchemaMustBeATenant() {
    assertThat(tenants("{schemas: [], exclude: [b]}"))
        .containsExactly("spec.tenants: tenants needs schemas or patterns.");
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

  @Test
  void durationsAreGosAndWithinTheirBounds() {
    for (String text : List.of("10", "1d", "-1m", "1.5h", "", "10m0s", "1000000h")) {
      assertThat(problems(Specs.BASE + "interval: '" + text + "'")).as(text).hasSize(1);
    }
    assertThat(problems(Specs.BASE + "interval: 1h30m")).isEmpty();
    assertThat(problems(Specs.BASE + "interval: 29s")).hasSize(1);
    assertThat(problems(Specs.BASE + "interval: 30s")).isEmpty();
    assertThat(problems(Specs.BASE + "safety: {lockTimeout: 10m}")).isEmpty();
    assertThat(problems(Specs.BASE + "safety: {lockTimeout: 601s}"))
        .containsExactly("spec.safety.lockTimeout: lockTimeout must be at most 10m.");
    assertThat(problems(Specs.BASE + "safety: {lockTimeout: 0s}")).hasSize(1);
    assertThat(problems(Specs.BASE + "safety: {buildTimeout: 168h}")).isEmpty();
    assertThat(problems(Specs.BASE + "safety: {buildTimeout: 169h}")).hasSize(1);
    assertThat(tenants("{schemas: [a], settle: 0s}")).isEmpty();
    assertThat(tenants("{schemas: [a], settle: 25h}"))
        .containsExactly("spec.tenants.settle: settle must be at most 24h.");
  }

  @Test
  void intervalTextHasPositiveWholeUnits() {
    for (String text :
        List.of("30 days", "7d", "1 mon", "2 years", "1 year 6 months", "36h", "90 mins")) {
      assertThat(chunkInterval(text)).as(text).isEmpty();
    }
    for (String text :
        List.of(
            "6m",
            "1M",
            "30",
            "-1 day",
            "+1 day",
            "6 months ago",
            "6mo",
            "1.5 days",
            "0 days",
            "@ 1 day",
            "P1D",
            "1 day 1 day",
            "1d 2 days",
            "1001 years",
            "999999 years",
            "",
            "1  day",
            "1 day ",
            "1 day\n",
            "infinity")) {
      assertThat(chunkInterval(text)).as(text).hasSize(1);
    }
    assertThat(problems(hypertable("chunkInterval: 0"))).hasSize(1);
    assertThat(problems(hypertable("chunkInterval: -7"))).hasSize(1);
    assertThat(problems(hypertable("chunkInterval: 1.5"))).hasSize(1);
    assertThat(problems(hypertable("chunkInterval: true"))).hasSize(1);
  }

  @Test
  void schedulesDoNotMixMonthsAndDays() {
    assertThat(problems(hypertable("retention: {dropAfter: 2 years, every: 1 month 2 days}")))
        .containsExactly(
            "spec.hypertables[0].retention.every: months and years cannot be mixed with shorter"
                + " units in a schedule: TimescaleDB refuses it.");
    assertThat(problems(hypertable("retention: {dropAfter: 1 year 2 days, every: 1 month}")))
        .isEmpty();
  }

  @Test
  void retentionOutlivesCompression() {
    String rule =
        "spec.hypertables[0]: retention.dropAfter must be longer than compression.after: otherwise"
            + " every chunk is dropped before it is compressed.";
    assertThat(problems(hypertable("compression: {after: 30 days}, retention: {dropAfter: 1 mon}")))
        .containsExactly(rule);
    assertThat(
            problems(hypertable("compression: {after: 30 days}, retention: {dropAfter: 31 days}")))
        .isEmpty();
    assertThat(problems(hypertable("compression: {after: 7}, retention: {dropAfter: 7}")))
        .containsExactly(rule);
  }

  @Test
  void wholeNumbersAndIntervalsDoNotMix() {
    assertThat(problems(hypertable("chunkInterval: 7, retention: {dropAfter: 1 mon}")))
        .singleElement()
        .asString()
        .startsWith("spec.hypertables[0]: chunkInterval, compression.after and");
  }

  @Test
  void absentExcludesEveryOtherField() {
    assertThat(problems(hypertable("compression: {state: Absent, every: 1 day}"))).hasSize(1);
    assertThat(problems(hypertable("retention: {state: Absent, dropAfter: 1 day}"))).hasSize(1);
    assertThat(problems(hypertable("retention: {state: Absent}, compression: {state: Absent}")))
        .isEmpty();
  }

  @Test
  void aPolicySaysWhen() {
    assertThat(problems(hypertable("compression: {segmentBy: [a]}"))).hasSize(1);
    assertThat(problems(hypertable("retention: {every: 1 day}"))).hasSize(1);
  }

  @Test
  void segmentsAndOrderDoNotOverlap() {
    assertThat(problems(hypertable("compression: {after: 1d, segmentBy: [at]}")))
        .singleElement()
        .asString()
        .contains("segmentBy must not have the time column");
    assertThat(
            problems(
                hypertable("compression: {after: 1d, segmentBy: [a], orderBy: [{column: a}]}")))
        .singleElement()
        .asString()
        .contains("A column cannot be in segmentBy and in orderBy.");
    assertThat(
            problems(hypertable("compression: {after: 1d, orderBy: [{column: a}, {column: a}]}")))
        .hasSize(1);
    assertThat(problems(hypertable("compression: {after: 1d, segmentBy: [a, a]}"))).hasSize(1);
  }

  @Test
  void overridesNameTablesOfTheSpec() {
    assertThat(overrides("{name: x, schemas: [a], hypertables: [{table: u}]}"))
        .containsExactly(
            "spec.tenants.overrides[0].hypertables[0].table: An override names a table that"
                + " spec.hypertables does not have.");
  }

  @Test
  void twoOverridesOfOneTableAndSchemaAreRefusedByName() {
    assertThat(
            overrides(
                "{name: x, schemas: [a, b], hypertables: [{table: t, chunkInterval: 1d}]}",
                "{name: y, schemas: [b], hypertables: [{table: t, chunkInterval: 2d}]}"))
        .containsExactly(
            "spec.tenants.overrides[1]: overrides \"x\" and \"y\" both set table \"t\" of schema"
                + " \"b\": take it out of one.");
  }

  @Test
  void anOverrideMustLeaveAValidHypertable() {
    assertThat(
            overrides(
                "{name: x, schemas: [a], hypertables: [{table: t, retention: {dropAfter: 1d}}]}"))
        .singleElement()
        .asString()
        .startsWith("spec.tenants.overrides[0].hypertables[0]: retention.dropAfter must be longer");
    assertThat(
            overrides(
                "{name: x, schemas: [a], hypertables: [{table: t, compression: {state: Absent, after: 1d}}]}"))
        .hasSize(1);
  }

  @Test
  void anOverrideOfAnAbsentPolicySaysPresent() {
    String spec =
        """
        database: {host: localhost, name: fruitpak, credentialsSecretRef: {name: fruitpak-db}}
        tenants:
          schemas: [a]
          overrides: [{name: x, schemas: [a], hypertables: [{table: t, retention: {%s dropAfter: 1d}}]}]
        hypertables: [{table: t, timeColumn: at, retention: {state: Absent}}]
        """;
    assertThat(problems(spec.formatted("")))
        .containsExactly(
            "spec.tenants.overrides[0].hypertables[0].retention.state: must be Present, because"
                + " spec.hypertables says Absent.");
    assertThat(problems(spec.formatted("state: Present,"))).isEmpty();
  }

  @Test
  void unknownWordsAreNamedWithTheWordsAllowed() {
    assertThat(problems(hypertable("convert: Migrate")))
        .containsExactly(
            "spec.hypertables[0].convert: must be one of Never, WhenEmpty; it is \"Migrate\".");
    assertThat(problems(Specs.BASE + "safety: {onDestructive: RequireApproval}"))
        .containsExactly(
            "spec.safety.onDestructive: must be one of Allow, Deny; it is \"RequireApproval\".");
    assertThat(problems(Specs.BASE + "timescale: {whenMissing: skip}")).hasSize(1);
    assertThat(index("{name: ix, table: t, keys: [{column: a, order: DESC, nulls: last}]}"))
        .hasSize(2);
  }

  @Test
  void ownerIdStandsOnOneLineOfAComment() {
    assertThat(problems(Specs.BASE + "ownerId: 'a b'")).hasSize(1);
    assertThat(problems(Specs.BASE + "ownerId: \"a\\n\"")).hasSize(1);
    assertThat(problems(Specs.BASE + "ownerId: team.a/fruit_pak-1")).isEmpty();
    assertThat(
            catchThrowableOfType(
                    InvalidSpecException.class,
                    () -> Resolution.template(null, "x", Specs.spec(Specs.BASE)))
                .problems())
        .singleElement()
        .asString()
        .startsWith("spec.ownerId: is required where");
  }

  @Test
  void theCaFitsTheMode() {
    String spec =
        """
        tenants: {schemas: [a]}
        database:
          host: localhost
          name: fruitpak
          credentialsSecretRef: {name: fruitpak-db}
          tls: %s
        """;
    assertThat(problems(spec.formatted("{mode: Require, caSecretRef: {name: ca}}"))).hasSize(1);
    assertThat(problems(spec.formatted("{caConfigMapRef: {name: a}, caSecretRef: {name: b}}")))
        .hasSize(1);
    assertThat(problems(spec.formatted("{caSecretRef: {name: b}}"))).isEmpty();
  }

  @Test
  void noNullAnywhereIsMoreThanAProblem() {
    JsonNode full =
        Specs.tree(
            """
            ownerId: a/b
            suspend: false
            interval: 10m
            database:
              host: localhost
              port: 5432
              name: fruitpak
              credentialsSecretRef: {name: db, usernameKey: u, passwordKey: p}
              tls: {mode: VerifyFull, caSecretRef: {name: ca, key: ca.crt}}
              maxConnections: 4
            tenants:
              schemas: [public]
              patterns: ["tenant_*"]
              exclude: [tenant_template]
              searchPath: [public]
              settle: 1m
              onMissingTable: Wait
              overrides:
              - name: auditors
                schemas: [tenant_acme]
                hypertables:
                - table: h
                  chunkInterval: 1 day
                  compression: {state: Present, after: 3 days, segmentBy: [a], orderBy: [{column: at, order: Asc, nulls: Last}], every: 1 day}
                  retention: {state: Present, dropAfter: 7 years, every: 1 day}
            indexes:
            - {name: i1, table: t, columns: [a]}
            - name: i2
              table: t
              keys:
              - {column: a, order: Desc, nulls: First, opclass: x, collation: y}
              - {expression: lower(b)}
              method: btree
              unique: true
              nullsNotDistinct: true
              include: [c]
              where: a > 0
              with: {fillfactor: 90}
            hypertables:
            - table: h
              timeColumn: at
              convert: WhenEmpty
              chunkInterval: 7 days
              compression: {state: Present, after: 30 days, segmentBy: [a], orderBy: [{column: at, order: Desc, nulls: First}], every: 1 day}
              retention: {state: Present, dropAfter: 2 years, every: 1 day}
            timescale: {whenMissing: Skip}
            safety: {onDestructive: Deny, lockTimeout: 3s, buildTimeout: 2h}
            """);
    assertThatCode(() -> Resolution.template("ns", "n", Specs.spec(full)))
        .doesNotThrowAnyException();

    List<String> tried = new ArrayList<>();
    eachNulled(
        full,
        "spec",
        full,
        (path) -> {
          tried.add(path);
          resolves(path, full);
        });
    assertThat(tried).hasSizeGreaterThan(80);
    assertThat(problems(NullNode.getInstance())).containsExactly("spec: is required.");
    assertThat(problems("{}"))
        .containsExactly(
            "spec.database: is required: say which database to connect to.",
            "spec.tenants: is required: say which schemas are tenants.");
  }

  private static void resolves(String path, JsonNode spec) {
    try {
      Resolution.template("ns", "n", Specs.spec(spec));
    } catch (InvalidSpecException e) {
      assertThat(e.problems()).as(path).allSatisfy(p -> assertThat(p).startsWith("spec"));
    } catch (RuntimeException e) {
      throw new AssertionError("a null at " + path, e);
    }
  }

  /** Puts null in the place of every value in turn, and the value back. */
  private static void eachNulled(
      JsonNode root, String path, JsonNode node, Consumer<String> attempt) {
    if (node instanceof ObjectNode object) {
      List<String> names = new ArrayList<>();
      object.fieldNames().forEachRemaining(names::add);
      for (String name : names) {
        JsonNode value = object.get(name);
        object.putNull(name);
        attempt.accept(path + "." + name);
        object.set(name, value);
        eachNulled(root, path + "." + name, value, attempt);
      }
    } else if (node instanceof ArrayNode array) {
      for (int i = 0; i < array.size(); i++) {
        JsonNode value = array.get(i);
        array.set(i, NullNode.getInstance());
        attempt.accept(path + "[" + i + "]");
        array.set(i, value);
        eachNulled(root, path + "[" + i + "]", value, attempt);
      }
    }
  }

  private static List<String> chunkInterval(String text) {
    return problems(hypertable("chunkInterval: \"" + text.replace("\n", "\\n") + "\""));
  }

  private static String hypertable(String fields) {
    return Specs.BASE + "hypertables: [{table: t, timeColumn: at, " + fields + "}]";
  }

  private static List<String> index(String yaml) {
    return problems(Specs.BASE + "indexes: [" + yaml + "]");
  }

  private static List<String> tenants(String yaml) {
    return problems(
        "database: {host: localhost, name: fruitpak, credentialsSecretRef: {name: fruitpak-db}}\n"
            + "tenants: "
            + yaml);
  }

  private static List<String> overrides(String... overrides) {
    return problems(
        """
        database: {host: localhost, name: fruitpak, credentialsSecretRef: {name: fruitpak-db}}
        tenants: {schemas: [a], overrides: [%s]}
        hypertables: [{table: t, timeColumn: at, compression: {after: 30 days}}]
        """
            .formatted(String.join(", ", overrides)));
  }

  private static List<String> problems(String yaml) {
    return problems(Specs.tree(yaml));
  }

  private static List<String> problems(JsonNode spec) {
    try {
      Resolution.template("platform", "fruitpak", Specs.spec(spec));
      return List.of();
    } catch (InvalidSpecException e) {
      return e.problems();
    }
  }
}
