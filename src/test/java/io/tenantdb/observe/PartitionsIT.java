package io.tenantdb.observe;

import static io.tenantdb.observe.Fleet.index;
import static io.tenantdb.observe.Fleet.select;
import static io.tenantdb.observe.Fleet.wants;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.Observed;
import io.tenantdb.model.ObservedIndex;
import io.tenantdb.model.ObservedIndex.Uneven;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.Partition;
import io.tenantdb.model.Partition.HalfBuilt;
import io.tenantdb.model.Partition.Kind;
import io.tenantdb.testing.PostgresServer;
import io.tenantdb.testing.RealParts;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The partitions of declared tables, and which of them have a part of an index. */
@RealParts
class PartitionsIT {

  private static final String LEFT = "_tdb_b_0123456789abcdef_0123456789abcdef";
  private static final DesiredIndex WANTED = index("ix", "p", "b");

  private final PostgresServer server;

  PartitionsIT(PostgresServer server) {
    this.server = server;
  }

  private Fleet fleet(String name) {
    Fleet fleet = Fleet.create(server, "partitions_" + name);
    fleet.tenant(
        "t0",
        "app",
        "CREATE TABLE p (\"A a\" int, b int, c text) PARTITION BY RANGE (\"A a\")",
        "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10)",
        "CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (20) PARTITION BY LIST (c)",
        "CREATE TABLE p2x PARTITION OF p2 FOR VALUES IN ('x') PARTITION BY HASH (b)",
        "CREATE TABLE p2x0 PARTITION OF p2x FOR VALUES WITH (MODULUS 1, REMAINDER 0)",
        "CREATE TABLE plain (\"A a\" int, b int)");
    fleet.run(
        "DO $$ BEGIN CREATE ROLE keeper; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
        "CREATE SCHEMA x AUTHORIZATION keeper",
        "CREATE TABLE x.p3 (b int, c text, \"A a\" int)",
        "ALTER TABLE x.p3 OWNER TO keeper",
        "ALTER TABLE t0.p ATTACH PARTITION x.p3 FOR VALUES FROM (20) TO (30)",
        "CREATE FOREIGN DATA WRAPPER none",
        "CREATE SERVER far FOREIGN DATA WRAPPER none",
        "CREATE FOREIGN TABLE t0.p4 PARTITION OF t0.p FOR VALUES FROM (40) TO (50) SERVER far");
    return fleet;
  }

  private static ObservedTable p(Fleet fleet) {
    return observed(fleet).tenants().get("t0").table("p").orElseThrow();
  }

  private static Observed observed(Fleet fleet) {
    return new Observer().observe(fleet.database(), wants(select("t*"), WANTED));
  }

  private static ObservedIndex live(Fleet fleet, String name) {
    return p(fleet).index(name).orElseThrow();
  }

  @Test
  void the_tree_is_read_at_any_depth_parents_first() {
    try (Fleet fleet = fleet("tree")) {
      ObservedTable table = p(fleet);
      assertThat(table.partitions())
          .extracting(
              p ->
                  p.relation()
                      + " "
                      + p.kind()
                      + " "
                      + p.owner()
                      + " "
                      + p.parent().map(Partition::name).orElse("-")
                      + " "
                      + p.permitted())
          .containsExactly(
              "\"t0\".\"p1\" LEAF app - true",
              "\"t0\".\"p2\" PARTITIONED app - true",
              "\"t0\".\"p4\" FOREIGN postgres - true",
              "\"x\".\"p3\" LEAF keeper - false",
              "\"t0\".\"p2x\" PARTITIONED app p2 true",
              "\"t0\".\"p2x0\" LEAF app p2x true");
      assertThat(table.partitionKey().columns()).containsExactlyInAnyOrder("A a", "b", "c");
      assertThat(table.partitionKey().expressions()).isFalse();
      assertThat(observed(fleet).owners()).containsKey("keeper");
    }
  }

  @Test
  void leaves_without_a_valid_part_are_counted() {
    try (Fleet fleet = fleet("missing")) {
      fleet.run(
          "CREATE INDEX whole ON t0.p (b)",
          "CREATE INDEX half ON ONLY t0.p (c)",
          "CREATE INDEX half1 ON t0.p1 (c)",
          "CREATE INDEX ON x.p3 (c)",
          "ALTER INDEX t0.half ATTACH PARTITION t0.half1");
      assertThat(live(fleet, "whole").valid()).isTrue();
      assertThat(live(fleet, "whole").missingParts()).isZero();
      assertThat(live(fleet, "half").valid()).isFalse();
      assertThat(live(fleet, "half").missingParts()).isEqualTo(2);
      assertThat(live(fleet, "whole").body().orElseThrow().text()).isEqualTo("USING btree (b)");
    }
  }

  @Test
  void what_a_build_left_on_a_leaf_is_the_tables() {
    try (Fleet fleet = fleet("left")) {
      fleet.run(
          "CREATE INDEX " + LEFT + " ON x.p3 (b)",
          "CREATE INDEX mine ON t0.p1 (b)",
          "CREATE INDEX " + LEFT + " ON t0.p1 (c)",
          "CREATE INDEX half ON ONLY t0.p (c)",
          "ALTER INDEX t0.half ATTACH PARTITION t0." + LEFT);
      assertThat(p(fleet).partitions())
          .filteredOn(p -> !p.halfBuilt().isEmpty())
          .singleElement()
          .satisfies(
              p -> {
                assertThat(p.name()).isEqualTo("p3");
                assertThat(p.kind()).isEqualTo(Kind.LEAF);
                assertThat(p.halfBuilt()).containsExactly(new HalfBuilt(LEFT, false));
              });
    }
  }

  @Test
  void a_key_that_is_an_expression_is_told() {
    try (Fleet fleet = fleet("expression")) {
      fleet.run(
          "CREATE TABLE t0.p5 PARTITION OF t0.p FOR VALUES FROM (50) TO (60) PARTITION BY LIST (lower(c))");
      assertThat(p(fleet).partitionKey().expressions()).isTrue();
    }
  }

  private static Uneven uneven(Fleet fleet) {
    return live(fleet, "ix").settings().uneven();
  }

  @Test
  void what_a_part_has_otherwise_is_told_at_any_depth() {
    try (Fleet fleet = fleet("uneven")) {
      fleet.run(
          "DROP FOREIGN TABLE t0.p4",
          "CREATE INDEX ix ON t0.p (lower(c), b) WITH (fillfactor = 80, deduplicate_items = off)");
      assertThat(uneven(fleet)).isEqualTo(Uneven.NONE);

      fleet.run(
          part("p2x0", "SET (fillfactor = 44)"),
          "ALTER INDEX t0.ix ALTER COLUMN 1 SET STATISTICS 7",
          part("p1", "ALTER COLUMN 1 SET STATISTICS 9"));
      assertThat(uneven(fleet)).isEqualTo(new Uneven(Set.of(1), true, false));

      fleet.run(
          part("p1", "ALTER COLUMN 1 SET STATISTICS 7"),
          part("p2x0", "RESET (fillfactor)"),
          part("p2x0", "SET (fillfactor = 80)"));
      assertThat(uneven(fleet)).as("in another order").isEqualTo(Uneven.NONE);
    }
  }

  @Test
  void what_a_partition_brought_with_it_is_told() {
    try (Fleet fleet = fleet("brought")) {
      fleet.run(
          "DROP FOREIGN TABLE t0.p4",
          "CREATE INDEX ix ON t0.p (b) WITH (fillfactor = 80)",
          "CREATE TABLE t0.p5 (LIKE t0.p) PARTITION BY LIST (c)",
          "CREATE INDEX own ON ONLY t0.p5 (b)",
          "ALTER TABLE t0.p ATTACH PARTITION t0.p5 FOR VALUES FROM (50) TO (60)");
      assertThat(live(fleet, "ix").valid()).isTrue();
      assertThat(uneven(fleet)).isEqualTo(new Uneven(Set.of(), true, false));
    }
  }

  @Test
  void a_part_that_is_kept_elsewhere_is_told() {
    try (Fleet fleet = fleet("elsewhere")) {
      fleet
          .server()
          .execute(
              "postgres",
              "SET allow_in_place_tablespaces = on",
              "CREATE TABLESPACE parts_elsewhere LOCATION ''");
      fleet.run(
          "DROP FOREIGN TABLE t0.p4",
          "CREATE INDEX ix ON t0.p (b)",
          part("p2x0", "SET TABLESPACE parts_elsewhere"));
      assertThat(uneven(fleet)).isEqualTo(new Uneven(Set.of(), false, true));
    }
  }

  @Test
  void a_partition_that_is_being_detached_concurrently_has_no_part_of_it() throws SQLException {
    try (Fleet fleet = fleet("detaching");
        Connection reader = fleet.server().connect(fleet.name());
        Statement statement = reader.createStatement()) {
      fleet.run("DROP FOREIGN TABLE t0.p4", "CREATE INDEX ix ON t0.p (lower(c))");
      reader.setAutoCommit(false);
      statement.execute("SELECT count(*) FROM t0.p1");
      assertThatThrownBy(
              () ->
                  fleet.run(
                      "SET statement_timeout = '1s'",
                      "ALTER TABLE t0.p DETACH PARTITION t0.p1 CONCURRENTLY"))
          .hasMessageContaining("canceling statement");
      reader.rollback();
      fleet.run(
          "ALTER INDEX t0.ix ALTER COLUMN 1 SET STATISTICS 7",
          part("p1", "ALTER COLUMN 1 SET STATISTICS 9"),
          part("p1", "SET (fillfactor = 44)"));
      assertThat(p(fleet).partitions()).extracting(Partition::name).doesNotContain("p1");
      assertThat(uneven(fleet)).isEqualTo(Uneven.NONE);
    }
  }

  /** Alters the only index of a leaf. */
  private static String part(String leaf, String action) {
    return "DO $$ BEGIN EXECUTE format('ALTER INDEX %%s %s', (SELECT indexrelid::regclass FROM pg_index WHERE indrelid = 't0.%s'::regclass)); END $$"
        .formatted(action, leaf);
  }
}
