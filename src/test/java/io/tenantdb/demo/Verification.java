package io.tenantdb.demo;

import io.tenantdb.demo.Steps.Finding;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Asks the database's own views whether FruitPak's tenants are as declared. */
final class Verification {
  private static final String JOBS =
      """
      SELECT proc_name, coalesce(config->>'compress_after', config->>'drop_after')
      FROM timescaledb_information.jobs
      WHERE hypertable_schema = ? AND hypertable_name = 'batch_history'
        AND proc_name IN ('policy_compression', 'policy_retention')
      """;

  /** The seven indexes: table and keys, by name. */
  private static final Map<String, List<String>> INDEXES =
      new TreeMap<>(
          Map.of(
              "ix_batches_grower_harvest_status",
              List.of("batches", "grower_id, harvest_date, status"),
              "ix_batches_intake_date",
              List.of("batches", "intake_date"),
              "ix_batches_fruit_type",
              List.of("batches", "fruit_type"),
              "ix_batch_history_batch_recorded",
              List.of("batch_history", "batch_id, recorded_at"),
              "ix_grower_payments_grower_date",
              List.of("grower_payments", "grower_id, paid_date"),
              "ix_grower_payments_paid_date",
              List.of("grower_payments", "paid_date"),
              "ix_grower_payments_created_at",
              List.of("grower_payments", "created_at")));

  private final FruitPak fruitPak;

  Verification(FruitPak fruitPak) {
    this.fruitPak = fruitPak;
  }

  /** The checks that people made by hand in psql, and what they print. */
  List<String> views() {
    List<String> lines = new ArrayList<>();
    view(
        lines,
        "SELECT tablename, indexname FROM pg_indexes WHERE schemaname = '%s' AND indexname LIKE 'ix\\_%%' ORDER BY 1, 2"
            .formatted(FruitPak.BIG),
        List.of("TABLENAME", "INDEXNAME"));
    view(
        lines,
        "SELECT proc_name, schedule_interval, config->>'compress_after', config->>'drop_after',"
            + " config->>'start_offset', count(*) FROM timescaledb_information.jobs"
            + " WHERE proc_name LIKE 'policy\\_%' AND hypertable_name IS NOT NULL"
            + " GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 6 DESC",
        List.of(
            "PROC_NAME",
            "SCHEDULE_INTERVAL",
            "COMPRESS_AFTER",
            "DROP_AFTER",
            "START_OFFSET",
            "TENANTS"));
    view(
        lines,
        "SELECT view_name, hypertable_name, materialized_only, count(*)"
            + " FROM timescaledb_information.continuous_aggregates GROUP BY 1, 2, 3",
        List.of("VIEW_NAME", "HYPERTABLE_NAME", "MATERIALIZED_ONLY", "TENANTS"));
    return lines;
  }

  private void view(List<String> lines, String sql, List<String> header) {
    List<List<String>> rows = new ArrayList<>(List.of(header));
    fruitPak
        .rows(sql)
        .forEach(
            row -> rows.add(row.stream().map(cell -> cell.equals("null") ? "" : cell).toList()));
    lines.add("=> " + sql);
    Columns.lines(rows).forEach(line -> lines.add("   " + line));
    lines.add("");
  }

  Finding indexes(List<String> tenants) {
    List<String> wrong = new ArrayList<>();
    for (String tenant : tenants) {
      Set<String> valid =
          fruitPak
              .rows(
                  """
                  SELECT pg_get_indexdef(x.indexrelid)
                  FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid
                  WHERE c.relnamespace = ?::regnamespace AND x.indisvalid
                  """,
                  tenant)
              .stream()
              .map(row -> row.get(0))
              .collect(Collectors.toSet());
      INDEXES.forEach(
          (name, index) -> {
            String expected =
                "CREATE INDEX %s ON %s.%s USING btree (%s)"
                    .formatted(name, tenant, index.get(0), index.get(1));
            if (!valid.contains(expected)) {
              wrong.add(tenant + "." + name);
            }
          });
    }
    return finding(
        wrong,
        "%d valid indexes with the declared definitions in each of %d tenants"
            .formatted(INDEXES.size(), tenants.size()));
  }

  Finding policies(List<String> tenants) {
    List<String> wrong = new ArrayList<>();
    for (String tenant : tenants) {
      Map<String, String> jobs =
          fruitPak.rows(JOBS, tenant).stream()
              .collect(
                  Collectors.toMap(row -> row.get(0), row -> row.get(1), (a, b) -> a + "+" + b));
      Map<String, String> expected =
          Map.of("policy_compression", "30 days", "policy_retention", retention(tenant));
      if (!jobs.equals(expected)) {
        wrong.add(tenant + " has " + jobs);
      }
    }
    return finding(
        wrong,
        "compression after 30 days and retention of 2 years (%s: %s) in timescaledb_information.jobs"
            .formatted(FruitPak.BIG, retention(FruitPak.BIG)));
  }

  Finding chunkIntervals(List<String> tenants) {
    List<String> wrong = new ArrayList<>();
    for (String tenant : tenants) {
      List<List<String>> rows =
          fruitPak.rows(
              """
              SELECT time_interval FROM timescaledb_information.dimensions
              WHERE hypertable_schema = ? AND hypertable_name = 'batch_history'
              """,
              tenant);
      if (!rows.equals(List.of(List.of("7 days")))) {
        wrong.add(tenant + " has " + rows);
      }
    }
    return finding(wrong, "new chunks of batch_history hold 7 days");
  }

  Finding untouched(String schema) {
    List<List<String>> found =
        fruitPak.rows(
            "SELECT relname FROM pg_class WHERE relnamespace = ?::regnamespace AND relname LIKE 'ix\\_%'",
            schema);
    return found.isEmpty()
        ? Finding.ok(schema + " is excluded, and as it was")
        : Finding.failed(schema + " has " + found);
  }

  Finding noLeftovers() {
    List<List<String>> found =
        fruitPak.rows(
            """
            SELECT x.indexrelid::regclass FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid
            WHERE NOT x.indisvalid OR c.relname LIKE '\\_tdb\\_%'
            """);
    return found.isEmpty()
        ? Finding.ok("no invalid and no half-built index")
        : Finding.failed(found.toString());
  }

  Finding index(String schema, String name) {
    return fruitPak
            .rows(
                """
                SELECT 1 FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid
                WHERE c.relnamespace = ?::regnamespace AND c.relname = ? AND x.indisvalid
                """,
                schema,
                name)
            .isEmpty()
        ? Finding.failed(schema + "." + name + " is not there")
        : Finding.ok(schema + "." + name + " is there again");
  }

  Finding retention(String schema, String declared) {
    return fruitPak.rows(JOBS, schema).contains(List.of("policy_retention", declared))
        ? Finding.ok(schema + ".batch_history is kept for " + declared + " again")
        : Finding.failed(schema + ".batch_history has no retention");
  }

  private static String retention(String tenant) {
    return tenant.equals(FruitPak.BIG) ? "7 years" : "2 years";
  }

  private static Finding finding(List<String> wrong, String right) {
    return wrong.isEmpty()
        ? Finding.ok(right)
        : Finding.failed(
            wrong.size()
                + " wrong: "
                + String.join(", ", wrong.subList(0, Math.min(5, wrong.size()))));
  }
}
