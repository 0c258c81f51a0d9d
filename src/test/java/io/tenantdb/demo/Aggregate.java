package io.tenantdb.demo;

import io.tenantdb.demo.Steps.Finding;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** The daily intake: is it there, does it say what the raw rows say, and what does it save. */
final class Aggregate {
  private static final String NAME = "daily_grower_intake";

  private static final String RAW =
      """
      SELECT time_bucket('1 day', intake_date) AS day, grower_id, fruit_type,
             count(*) AS batch_count, sum(net_weight_kg) AS total_kg
      FROM %s.batches WHERE is_deleted = false AND status != 'rejected'
      GROUP BY day, grower_id, fruit_type
      """;

  /** Days that have ended as the refresh policy counts: until an hour ago. */
  private static final String WHOLE =
      " WHERE day < time_bucket('1 day', now() - interval '1 hour')";

  private final FruitPak fruitPak;
  private final Policies policies;

  Aggregate(FruitPak fruitPak, Policies policies) {
    this.fruitPak = fruitPak;
    this.policies = policies;
  }

  /** Both sums of every tenant, over the days that have ended. */
  Finding sums(List<String> tenants) {
    List<String> wrong = new ArrayList<>();
    long rows = 0;
    for (String tenant : tenants) {
      List<String> raw = total("(" + RAW.formatted(tenant) + ") AS raw");
      List<String> kept = total(tenant + "." + NAME);
      rows += Long.parseLong(kept.get(0));
      if (!raw.equals(kept)) {
        wrong.add("%s has %s, its rows say %s".formatted(tenant, kept, raw));
      }
    }
    return wrong.isEmpty()
        ? Finding.ok(
            "%,d rows in %d tenants; batches and kilograms are those of the raw rows"
                .formatted(rows, tenants.size()))
        : Finding.failed(String.join("; ", wrong));
  }

  private List<String> total(String from) {
    return fruitPak
        .rows("SELECT count(*), sum(batch_count), sum(total_kg) FROM " + from + WHOLE)
        .get(0);
  }

  /** A refresh job in each tenant: hourly, from 7 days to 1 hour ago. */
  Finding jobs(List<String> tenants) {
    List<String> wrong = new ArrayList<>();
    for (String tenant : tenants) {
      List<List<String>> jobs =
          fruitPak.rows(
              """
              SELECT schedule_interval, (config->>'start_offset')::interval,
                     (config->>'end_offset')::interval
              FROM timescaledb_information.jobs
              WHERE proc_name = 'policy_refresh_continuous_aggregate' AND hypertable_schema = ?
                AND hypertable_name = ?
              """,
              tenant,
              NAME);
      if (!jobs.equals(List.of(List.of("01:00:00", "7 days", "01:00:00")))) {
        wrong.add(tenant + " has " + jobs);
      }
    }
    return wrong.isEmpty()
        ? Finding.ok("every hour, from 7 days to 1 hour ago, in timescaledb_information.jobs")
        : Finding.failed(String.join("; ", wrong));
  }

  /** A batch that comes late is in the aggregate after the next run of its job. */
  Finding refreshed(String tenant) throws SQLException {
    fruitPak.asApplication(
        """
        INSERT INTO %s.batches (grower_id, packhouse_id, fruit_type, net_weight_kg, harvest_date,
          intake_date) VALUES (4711, 1, 'quince', 1000, current_date - 3, now() - interval '3 days')"""
            .formatted(tenant));
    int jobs = policies.run("policy_refresh_continuous_aggregate", List.of(tenant));
    List<List<String>> late =
        fruitPak.rows("SELECT total_kg FROM %s.%s WHERE grower_id = 4711".formatted(tenant, NAME));
    return new Finding(
        jobs == 1 && late.size() == 1,
        late.isEmpty()
            ? "the late batch is not in it"
            : "a batch three days late is in it after the next refresh (" + policies.who() + ")");
  }

  /** The dashboard's question, asked of the raw rows and of the aggregate. */
  List<List<String>> timed(String tenant) {
    String question =
        "SELECT fruit_type, sum(total_kg) FROM %s WHERE day >= now() - interval '90 days' GROUP BY 1";
    double raw = median(question.formatted("(" + RAW.formatted(tenant) + ") AS raw"));
    double kept = median(question.formatted(tenant + "." + NAME));
    return List.of(
        List.of("QUERY", "RAW ROWS", "AGGREGATE", ""),
        List.of(
            "kilograms by fruit, 90 days",
            "%.2f ms".formatted(raw),
            "%.2f ms".formatted(kept),
            Queries.ratio(raw, kept)));
  }

  private double median(String sql) {
    List<Double> times = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      times.add(
          fruitPak.rows("EXPLAIN (ANALYZE, FORMAT TEXT) " + sql).stream()
              .map(row -> row.get(0))
              .filter(line -> line.startsWith("Execution Time: "))
              .map(line -> line.replaceAll("[^0-9.]", ""))
              .mapToDouble(Double::parseDouble)
              .findFirst()
              .orElseThrow());
    }
    return times.stream().sorted().toList().get(2);
  }
}
