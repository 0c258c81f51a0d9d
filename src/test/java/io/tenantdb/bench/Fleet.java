package io.tenantdb.bench;

import io.tenantdb.model.Desired;
import io.tenantdb.model.Desired.OnDestructive;
import io.tenantdb.model.Desired.Safety;
import io.tenantdb.model.Desired.WhenTimescaleMissing;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.Hashes;
import io.tenantdb.model.TenantSelection;
import io.tenantdb.model.TenantSelection.OnMissingTable;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The fleet that is measured: FruitPak's three tables and seven indexes, in as many schemas as
 * wanted.
 */
final class Fleet {

  private record Index(String name, String table, List<String> columns) {
    String create(String schema) {
      return "CREATE INDEX CONCURRENTLY %s ON %s.%s (%s);%n"
          .formatted(name, schema, table, String.join(", ", columns));
    }

    Map<String, Object> declared() {
      return Map.of("name", name, "table", table, "columns", columns);
    }

    DesiredIndex desired() {
      List<DesiredIndex.Key> keys =
          columns.stream()
              .map(
                  c ->
                      new DesiredIndex.Key(
                          Optional.of(c),
                          Optional.empty(),
                          false,
                          Optional.empty(),
                          Optional.empty(),
                          Optional.empty()))
              .toList();
      return new DesiredIndex(
          name,
          table,
          keys,
          "btree",
          false,
          false,
          List.of(),
          Optional.empty(),
          Map.of(),
          Hashes.hex16(name));
    }
  }

  private static final List<Index> INDEXES =
      List.of(
          new Index(
              "ix_batches_grower_harvest_status",
              "batches",
              List.of("grower_id", "harvest_date", "status")),
          new Index("ix_batches_intake_date", "batches", List.of("intake_date")),
          new Index("ix_batches_fruit_type", "batches", List.of("fruit_type")),
          new Index(
              "ix_batch_history_batch_recorded",
              "batch_history",
              List.of("batch_id", "recorded_at")),
          new Index(
              "ix_grower_payments_grower_date",
              "grower_payments",
              List.of("grower_id", "paid_date")),
          new Index("ix_grower_payments_paid_date", "grower_payments", List.of("paid_date")),
          new Index("ix_grower_payments_created_at", "grower_payments", List.of("created_at")));

  /**
   * The bulk reading that a hand-written tool would do: one row an index, with a structural
   * signature.
   */
  private static final String BULK =
      """
      SET jit = off;
      WITH ns AS MATERIALIZED (
        SELECT oid, nspname FROM pg_catalog.pg_namespace WHERE nspname ~ '^tenant_'
      ), tb AS MATERIALIZED (
        SELECT t.oid, n.nspname, t.relname, t.relkind, t.relpages, t.reltuples, t.relispartition
        FROM ns n JOIN pg_catalog.pg_class t ON t.relnamespace = n.oid AND t.relkind IN ('r','p','m')
      ), cols AS (
        SELECT a.attrelid, md5(string_agg(concat_ws(' ', a.attnum, a.attname, a.atttypid, a.atttypmod, a.attcollation), ',' ORDER BY a.attnum)) AS colsig
        FROM pg_catalog.pg_attribute a JOIN tb ON tb.oid = a.attrelid
        WHERE a.attnum > 0 AND NOT a.attisdropped GROUP BY 1
      ), fk AS (
        SELECT conindid, count(*) AS n FROM pg_catalog.pg_constraint WHERE contype = 'f' GROUP BY 1
      ), ao AS (
        SELECT attrelid, string_agg(attnum||':'||attoptions::text, ',' ORDER BY attnum) AS opts FROM pg_catalog.pg_attribute WHERE attoptions IS NOT NULL GROUP BY 1
      ), cn AS (
        SELECT conindid, contype, conname FROM pg_catalog.pg_constraint WHERE contype IN ('p','u','x') AND conindid <> 0
      )
      SELECT tb.nspname, tb.relname AS tbl, cols.colsig,
        md5(concat_ws('|', i.relam, x.indisunique, x.indnullsnotdistinct, x.indnkeyatts, x.indkey, x.indclass, x.indcollation, x.indoption,
            coalesce(ao.opts,'-'), coalesce(i.reloptions::text,'-'),
            coalesce(regexp_replace(x.indexprs::text, ':location -?\\d+', '', 'g'),'-'),
            coalesce(regexp_replace(x.indpred::text,  ':location -?\\d+', '', 'g'),'-'))) AS isig,
        i.oid AS idx_oid, i.relname AS idx, i.relkind, i.reloptions, ts.spcname,
        x.indisunique, x.indisprimary, x.indisexclusion, x.indisvalid, x.indisready, x.indislive, x.indisreplident, x.indisclustered,
        cn.contype, cn.conname, coalesce(fk.n,0) AS fk_refs, inh.inhparent,
        d.description AS comment, pg_catalog.pg_get_userbyid(i.relowner) AS owner,
        i.relpages, tb.relpages AS tbl_pages, tb.reltuples, pg_catalog.pg_stat_get_numscans(i.oid) AS idx_scan,
        x.xmin::text AS x_xmin, i.xmin::text AS i_xmin
      FROM tb
      JOIN pg_catalog.pg_index x ON x.indrelid = tb.oid
      JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
      JOIN cols ON cols.attrelid = tb.oid
      LEFT JOIN pg_catalog.pg_tablespace ts ON ts.oid = i.reltablespace
      LEFT JOIN cn ON cn.conindid = i.oid
      LEFT JOIN ao ON ao.attrelid = i.oid
      LEFT JOIN fk ON fk.conindid = i.oid
      LEFT JOIN pg_catalog.pg_inherits inh ON inh.inhrelid = i.oid
      LEFT JOIN pg_catalog.pg_description d ON d.objoid = i.oid AND d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objsubid = 0;
      """;

  private final int tenants;
  private final int rows;
  private final int seed;

  Fleet(int tenants, int rows, int seed) {
    this.tenants = tenants;
    this.rows = rows;
    this.seed = seed;
  }

  String schemas() {
    return "SELECT setseed(%s);%n".formatted(seed / 1000.0)
        + perTenant(
            schema ->
                """
                CREATE SCHEMA %1$s;
                CREATE TABLE %1$s.batches (id bigint, intake_date timestamptz NOT NULL, harvest_date date, grower_id text, fruit_type text, status text, net_weight_kg numeric);
                CREATE TABLE %1$s.batch_history (id bigint, batch_id bigint, recorded_at timestamptz NOT NULL, event text);
                CREATE TABLE %1$s.grower_payments (id bigint PRIMARY KEY, grower_id text, paid_date date, created_at timestamptz, amount numeric);
                INSERT INTO %1$s.batches SELECT i, now() - random() * interval '90 days', current_date, 'g' || (random() * 50)::int, 'apple', 'received', random() * 900 FROM generate_series(1, %2$d) i;
                INSERT INTO %1$s.batch_history SELECT i, (random() * 100)::int, now() - random() * interval '90 days', 'weighed' FROM generate_series(1, %2$d) i;
                INSERT INTO %1$s.grower_payments SELECT i, 'g' || (random() * 50)::int, current_date, now(), random() * 900 FROM generate_series(1, %2$d) i;
                """
                    .formatted(schema, rows));
  }

  /** What psql runs on one connection. */
  String indexes() {
    return perTenant(
        schema ->
            INDEXES.stream().map(index -> index.create(schema)).collect(Collectors.joining()));
  }

  String bulkQuery() {
    return BULK;
  }

  String queryPerSchema() {
    return perTenant(
        schema ->
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = '%s';%n"
                .formatted(schema));
  }

  /** Which schemas are tenants, as a resource says it. */
  List<String> patterns() {
    return List.of("tenant_*");
  }

  /** The indexes, as a resource declares them. */
  List<Map<String, Object>> declared() {
    return INDEXES.stream().map(Index::declared).toList();
  }

  Desired desired() {
    return new Desired(
        "bench/fleet",
        new TenantSelection(
            List.of(),
            patterns(),
            List.of(),
            List.of("public"),
            Duration.ZERO,
            OnMissingTable.WAIT),
        INDEXES.stream().map(Index::desired).toList(),
        List.of(),
        List.of(),
        List.of(),
        WhenTimescaleMissing.SKIP,
        new Safety(OnDestructive.DENY, Duration.ofSeconds(3), Duration.ofHours(2)));
  }

  private String perTenant(Function<String, String> script) {
    return IntStream.rangeClosed(1, tenants)
        .mapToObj(i -> script.apply("tenant_%05d".formatted(i)))
        .collect(Collectors.joining());
  }
}
