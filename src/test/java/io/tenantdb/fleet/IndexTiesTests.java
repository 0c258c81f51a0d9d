package io.tenantdb.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.database.Database;
import io.tenantdb.model.Desired;
import io.tenantdb.model.Finding;
import io.tenantdb.model.IndexBody;
import io.tenantdb.model.IndexTie.Kind;
import io.tenantdb.model.IndexTie.Use;
import io.tenantdb.model.Reason;
import io.tenantdb.model.ReservedName;
import io.tenantdb.testing.PostgresServer;
import io.tenantdb.testing.RealParts;
import java.sql.SQLException;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/**
 * Each thing that can rest on an index, and each thing that is done to one: whatever happens,
 * neither is lost and nothing is half done. On whatever version.
 */
@RealParts
abstract class IndexTiesTests {

  private static final Desired DECLARED =
      Fruit.desired(
          """
          indexes:
          - {name: ux, table: batches, columns: [id, day], unique: true}
          safety: {onDestructive: Allow}
          """);
  private static final Desired ANOTHER =
      Fruit.desired(
          """
          indexes:
          - {name: ux, table: batches, columns: [id, day, grower], unique: true}
          safety: {onDestructive: Allow}
          """);
  private static final Desired NO_MORE =
      Fruit.desired(
          """
          indexes:
          - {name: ix_day, table: batches, columns: [day]}
          safety: {onDestructive: Allow, prune: OwnedOnly}
          """);
  private static final Desired WITHOUT =
      Fruit.desired(
          """
          indexes:
          - {name: ix_day, table: batches, columns: [day]}
          """);
  private static final String RETIRED =
      ReservedName.retired("batches", "ux", new IndexBody(true, "USING btree (grower)"), true)
          .text();

  private static final String COLUMNS = "(id int NOT NULL, day date NOT NULL, grower text)";
  private static final String PARTITIONED =
      "CREATE TABLE tenant_a.batches " + COLUMNS + " PARTITION BY RANGE (day)";
  private static final String LEAF =
      " PARTITION OF tenant_a.%s FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')";

  private final PostgresServer server;

  IndexTiesTests(PostgresServer server) {
    this.server = server;
  }

  @ParameterizedTest
  @EnumSource(
      mode = Mode.EXCLUDE,
      names = {"CLUSTERED_CHUNKS", "REORDER_POLICY"})
  void a_replacement_takes_it_over_or_is_none(Kind kind) {
    Fruit fruit = tied(kind, "replace");
    String oid = oid(fruit, "ux");
    String tie = tie(fruit, kind);

    Outcome outcome = pass(fruit, ANOTHER);
    pass(fruit, ANOTHER);

    if (kind.forbids(Use.REPLACE)) {
      assertThat(oid(fruit, "ux")).isEqualTo(oid);
      assertThat(outcome.failures())
          .singleElement()
          .satisfies(failure -> assertThat(failure.reason()).isEqualTo(Reason.Conflict));
    } else {
      assertThat(oid(fruit, "ux")).isNotEqualTo(oid);
      assertThat(outcome.converged()).isTrue();
    }
    assertThat(tie(fruit, kind)).isEqualTo(tie);
    assertThat(fruit.leftovers()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(
      mode = Mode.EXCLUDE,
      names = {"CLUSTERED_CHUNKS", "REORDER_POLICY"})
  void its_name_is_given_back_or_it_serves_under_the_one_that_it_has(Kind kind) {
    Fruit fruit = tied(kind, "rename");
    String oid = oid(fruit, "ux");
    fruit.execute("ALTER INDEX tenant_a.ux RENAME TO elsewhere");
    String tie = tie(fruit, kind);

    Outcome outcome = pass(fruit, DECLARED);

    assertThat(outcome.converged()).isTrue();
    assertThat(oid(fruit, kind.forbids(Use.RENAME) ? "elsewhere" : "ux")).isEqualTo(oid);
    if (!kind.forbids(Use.RENAME)) {
      fruit.execute("ALTER INDEX tenant_a.ux RENAME TO elsewhere");
    }
    assertThat(tie(fruit, kind)).isEqualTo(tie);
    assertThat(fruit.leftovers()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(
      mode = Mode.EXCLUDE,
      names = {"CLUSTERED_CHUNKS", "REORDER_POLICY"})
  void what_a_killed_run_left_is_dropped_or_named(Kind kind) {
    Fruit fruit = tied(kind, "left");
    String oid = oid(fruit, "ux");
    fruit.execute("ALTER INDEX tenant_a.ux RENAME TO \"" + RETIRED + "\"");
    String tie = tie(fruit, kind);

    pass(fruit, ANOTHER);
    Outcome outcome = pass(fruit, ANOTHER);

    assertThat(oid(fruit, "ux")).isNotEqualTo(oid).isNotEmpty();
    if (kind.forbids(Use.DROP)) {
      assertThat(oid(fruit, RETIRED)).isEqualTo(oid);
      assertThat(outcome.failures())
          .singleElement()
          .satisfies(failure -> assertThat(failure.reason()).isEqualTo(Reason.Conflict));
      assertThat(tie(fruit, kind)).isEqualTo(tie);
    } else {
      assertThat(fruit.leftovers()).isEmpty();
    }
  }

  @ParameterizedTest
  @EnumSource(
      mode = Mode.EXCLUDE,
      names = {"CLUSTERED_CHUNKS", "REORDER_POLICY"})
  void what_left_the_spec_goes_or_stays_as_it_is(Kind kind) {
    Fruit fruit = tied(kind, "prune");
    String oid = oid(fruit, "ux");
    String tie = tie(fruit, kind);

    pass(fruit, NO_MORE);
    Outcome outcome = pass(fruit, NO_MORE);

    assertThat(outcome.converged()).isTrue();
    if (kind.forbids(Use.DROP)) {
      assertThat(oid(fruit, "ux")).isEqualTo(oid);
      assertThat(tie(fruit, kind)).isEqualTo(tie);
      assertThat(outcome.plan().tenants().get(0).findings())
          .extracting(Finding::reason)
          .contains(Reason.LeftSpec);
    } else {
      assertThat(oid(fruit, "ux")).isEmpty();
    }
    assertThat(fruit.leftovers()).isEmpty();
  }

  /** What came to rest on it since the script was printed. */
  @ParameterizedTest
  @EnumSource(
      mode = Mode.EXCLUDE,
      names = {"CLUSTERED_CHUNKS", "REORDER_POLICY"})
  void a_printed_replacement_leaves_it_alone_and_the_next_plan_says_why(Kind kind)
      throws SQLException {
    Fruit fruit = declared(kind, "print_replace");
    Hand hand = new Hand(fruit);
    List<String> script = hand.steps(ANOTHER);
    tie(fruit, kind, "ux");
    String oid = oid(fruit, "ux");
    String tie = tie(fruit, kind);

    assertThat(hand.run(script)).isNotEmpty();

    assertThat(oid(fruit, "ux")).isEqualTo(oid);
    assertThat(tie(fruit, kind)).isEqualTo(tie);
    if (kind.forbids(Use.REPLACE)) {
      assertThat(pass(fruit, ANOTHER).failures())
          .singleElement()
          .satisfies(failure -> assertThat(failure.reason()).isEqualTo(Reason.Conflict));
    } else {
      assertThat(hand.run(hand.steps(ANOTHER))).isEmpty();
      assertThat(hand.planned(ANOTHER)).isEmpty();
      assertThat(oid(fruit, "ux")).isNotEqualTo(oid);
    }
    assertThat(tie(fruit, kind)).isEqualTo(tie);
  }

  @ParameterizedTest
  @EnumSource(
      mode = Mode.EXCLUDE,
      names = {"CLUSTERED_CHUNKS", "REORDER_POLICY"})
  void a_printed_rename_goes_by_what_rests_on_it_now(Kind kind) throws SQLException {
    Fruit fruit = declared(kind, "print_rename");
    fruit.execute("ALTER INDEX tenant_a.ux RENAME TO elsewhere");
    Hand hand = new Hand(fruit);
    List<String> script = hand.steps(DECLARED);
    assertThat(script).isNotEmpty();
    tie(fruit, kind, "elsewhere");
    String oid = oid(fruit, "elsewhere");

    List<String> refused = hand.run(script);

    assertThat(refused.isEmpty()).as("%s", refused).isEqualTo(!kind.forbids(Use.RENAME));
    assertThat(oid(fruit, kind.forbids(Use.RENAME) ? "elsewhere" : "ux")).isEqualTo(oid);
    assertThat(hand.planned(DECLARED)).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(
      mode = Mode.EXCLUDE,
      names = {"CLUSTERED_CHUNKS", "REORDER_POLICY"})
  void a_printed_drop_goes_by_what_rests_on_it_now(Kind kind) throws SQLException {
    Fruit fruit = declared(kind, "print_drop");
    Hand hand = new Hand(fruit);
    assertThat(hand.run(hand.steps(WITHOUT))).isEmpty();
    List<String> script = hand.steps(NO_MORE);
    assertThat(script).isNotEmpty();
    tie(fruit, kind, "ux");
    String oid = oid(fruit, "ux");

    List<String> refused = hand.run(script);

    assertThat(refused.isEmpty()).as("%s", refused).isEqualTo(!kind.forbids(Use.DROP));
    assertThat(oid(fruit, "ux")).isEqualTo(kind.forbids(Use.DROP) ? oid : "");
    assertThat(hand.planned(NO_MORE)).isEmpty();
    assertThat(fruit.leftovers()).isEmpty();
  }

  /** Also of what an earlier run left: it is not renamed away first, only to stay then. */
  @ParameterizedTest
  @EnumSource(
      mode = Mode.EXCLUDE,
      names = {"CLUSTERED_CHUNKS", "REORDER_POLICY"})
  void a_printed_drop_of_a_leftover_goes_by_what_rests_on_it_now(Kind kind) throws SQLException {
    Fruit fruit = declared(kind, "print_left");
    Hand hand = new Hand(fruit);
    assertThat(hand.run(hand.steps(ANOTHER))).isEmpty();
    fruit.execute("CREATE UNIQUE INDEX \"" + RETIRED + "\" ON tenant_a.batches (id, day)");
    List<String> script = hand.steps(ANOTHER);
    assertThat(script).isNotEmpty();
    tie(fruit, kind, RETIRED);
    String oid = oid(fruit, RETIRED);

    List<String> refused = hand.run(script);

    assertThat(refused.isEmpty()).as("%s", refused).isEqualTo(!kind.forbids(Use.DROP));
    assertThat(oid(fruit, RETIRED)).isEqualTo(kind.forbids(Use.DROP) ? oid : "");
    assertThat(hand.planned(ANOTHER)).isEmpty();
  }

  /** A tenant with the declared index, and with something that rests on it. */
  private Fruit tied(Kind kind, String use) {
    Fruit fruit = declared(kind, use);
    tie(fruit, kind, "ux");
    return fruit;
  }

  /** A tenant with the declared index, on which something can come to rest. */
  private Fruit declared(Kind kind, String use) {
    Fruit fruit = new Fruit(server, "ties_" + use + "_" + kind.name().toLowerCase(Locale.ROOT));
    fruit.execute("CREATE SCHEMA tenant_a");
    switch (kind) {
      case CONSTRAINT_OF_PART, CLUSTERED_PART ->
          fruit.execute(PARTITIONED, "CREATE TABLE tenant_a.leaf" + LEAF.formatted("batches"));
      case PARENT ->
          fruit.execute(
              "CREATE TABLE tenant_a.everything " + COLUMNS + " PARTITION BY RANGE (day)",
              "CREATE TABLE tenant_a.batches" + LEAF.formatted("everything"));
      default -> fruit.execute("CREATE TABLE tenant_a.batches " + COLUMNS);
    }
    assertThat(pass(fruit, DECLARED).converged()).isTrue();
    return fruit;
  }

  /** Lets something rest on the index. */
  private static void tie(Fruit fruit, Kind kind, String index) {
    fruit.execute(
        switch (kind) {
          case CONSTRAINT ->
              new String[] {
                "ALTER TABLE tenant_a.batches ADD CONSTRAINT \""
                    + index
                    + "\" UNIQUE USING INDEX \""
                    + index
                    + "\""
              };
          case CONSTRAINT_OF_PART ->
              new String[] {
                "CREATE TABLE tenant_a.came (id int, day date, grower text, CONSTRAINT came_key UNIQUE (id, day))",
                "ALTER TABLE tenant_a.came ALTER id SET NOT NULL, ALTER day SET NOT NULL",
                "ALTER TABLE tenant_a.batches ATTACH PARTITION tenant_a.came FOR VALUES FROM ('2027-01-01') TO ('2028-01-01')"
              };
          case REPLICA_IDENTITY ->
              new String[] {
                "ALTER TABLE tenant_a.batches REPLICA IDENTITY USING INDEX \"" + index + "\"",
                "CREATE PUBLICATION p FOR TABLE tenant_a.batches"
              };
          case FOREIGN_KEY ->
              new String[] {
                "CREATE TABLE tenant_a.notes (batch int, day date, FOREIGN KEY (batch, day) REFERENCES tenant_a.batches (id, day))"
              };
          case PARENT ->
              new String[] {
                "CREATE UNIQUE INDEX whole ON ONLY tenant_a.everything (id, day)",
                "ALTER INDEX tenant_a.whole ATTACH PARTITION tenant_a.\"" + index + "\""
              };
          // No command makes an index a member of an extension; its scripts can do anything.
          case EXTENSION_MEMBER ->
              new String[] {
                "SET allow_system_table_mods = on",
                "INSERT INTO pg_depend SELECT 'pg_class'::regclass, 'tenant_a.\""
                    + index
                    + "\"'::regclass, 0, 'pg_extension'::regclass, oid, 0, 'e' FROM pg_extension WHERE extname = 'plpgsql'"
              };
          case EXTENSION_DEPENDENCY ->
              new String[] {"ALTER INDEX tenant_a.\"" + index + "\" DEPENDS ON EXTENSION plpgsql"};
          case DEPENDENT ->
              new String[] {
                "CREATE VIEW tenant_a.size AS SELECT pg_relation_size('tenant_a.\""
                    + index
                    + "\"'::regclass)"
              };
          case CLUSTERED ->
              new String[] {"ALTER TABLE tenant_a.batches CLUSTER ON \"" + index + "\""};
          case CLUSTERED_CHUNKS, REORDER_POLICY -> throw new IllegalStateException("TimescaleDB's");
          case CLUSTERED_PART ->
              new String[] {
                "DO $$ BEGIN EXECUTE format('ALTER TABLE tenant_a.leaf CLUSTER ON %I', (SELECT c.relname FROM pg_inherits h JOIN pg_class c ON c.oid = h.inhrelid WHERE h.inhparent = 'tenant_a.\""
                    + index
                    + "\"'::regclass)); END $$"
              };
        });
    assertThat(tie(fruit, kind)).isNotEmpty();
  }

  /** What rests on the index, whatever that is; empty text once it is gone. */
  private static String tie(Fruit fruit, Kind kind) {
    return String.join(
        ", ",
        fruit.query(
            switch (kind) {
              case CONSTRAINT ->
                  "SELECT conname::text FROM pg_constraint WHERE conrelid = 'tenant_a.batches'::regclass AND contype = 'u'";
              case CONSTRAINT_OF_PART ->
                  "SELECT oid || conname FROM pg_constraint WHERE conname = 'came_key'";
              case REPLICA_IDENTITY ->
                  "SELECT indexrelid || '' FROM pg_index WHERE indisreplident AND indisvalid";
              case FOREIGN_KEY ->
                  "SELECT conindid || '' FROM pg_constraint WHERE conrelid = 'tenant_a.notes'::regclass AND contype = 'f'";
              case PARENT ->
                  "SELECT indisvalid || '' FROM pg_index WHERE indexrelid = 'tenant_a.whole'::regclass AND indisvalid";
              case EXTENSION_MEMBER, EXTENSION_DEPENDENCY ->
                  "SELECT objid || '' FROM pg_depend WHERE refclassid = 'pg_extension'::regclass AND classid = 'pg_class'::regclass AND objid::regclass::text LIKE 'tenant_a.%'";
              case DEPENDENT -> "SELECT pg_get_viewdef('tenant_a.size'::regclass)";
              case CLUSTERED_CHUNKS, REORDER_POLICY ->
                  throw new IllegalStateException("TimescaleDB's");
              case CLUSTERED, CLUSTERED_PART ->
                  "SELECT indrelid::regclass::text FROM pg_index WHERE indisclustered";
            }));
  }

  private static String oid(Fruit fruit, String index) {
    return String.join(
        "",
        fruit.query(
            "SELECT oid::text FROM pg_class WHERE relnamespace = 'tenant_a'::regnamespace AND relname = '"
                + index
                + "'"));
  }

  private static Outcome pass(Fruit fruit, Desired desired) {
    try (Database database = fruit.open()) {
      return new Engine().pass(database, desired, Gate.OPEN, PassListener.NONE);
    }
  }
}
