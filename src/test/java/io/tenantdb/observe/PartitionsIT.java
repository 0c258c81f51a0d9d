package io.tenantdb.observe;

import static io.tenantdb.observe.Fleet.index;
import static io.tenantdb.observe.Fleet.select;
import static io.tenantdb.observe.Fleet.wants;
import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.Observed;
import io.tenantdb.model.ObservedIndex;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.Partition;
import io.tenantdb.model.Partition.HalfBuilt;
import io.tenantdb.model.Partition.Kind;
import io.tenantdb.testing.PostgresServer;
import io.tenantdb.testing.RealParts;
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
}
