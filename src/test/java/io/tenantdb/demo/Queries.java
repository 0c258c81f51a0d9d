package io.tenantdb.demo;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The application's queries that the indexes are declared for, timed in the largest tenant. */
final class Queries {
  private static final int RUNS = 5;

  /** Below this, two measurements of the same plan differ by as much. */
  private static final double NOISE = 1.2;

  /** The query's name, and its SQL. */
  private static final Map<String, String> ALL = all();

  private final FruitPak fruitPak;

  Queries(FruitPak fruitPak) {
    this.fruitPak = fruitPak;
  }

  /**
   * One measured query.
   *
   * @param millis median of a few executions, as EXPLAIN ANALYZE says
   * @param node how the rows are found: {@code Index Scan using ix_…}
   */
  record Measured(double millis, String node) {

    boolean uses(String index) {
      return node.contains(index);
    }
  }

  private static Map<String, String> all() {
    Map<String, String> all = new LinkedHashMap<>();
    all.put(
        "a grower's received batches since 60 days",
        """
        SELECT * FROM %s.batches WHERE grower_id = 17 AND harvest_date >= current_date - 60
        AND status = 'received'""");
    all.put(
        "batches of one day",
        """
        SELECT * FROM %s.batches WHERE intake_date >= now() - interval '31 days'
        AND intake_date < now() - interval '30 days'""");
    all.put("a quarter of all fruit", "SELECT * FROM %s.batches WHERE fruit_type = 'plum'");
    all.put(
        "the history of one batch",
        "SELECT * FROM %s.batch_history WHERE batch_id = 7 ORDER BY recorded_at");
    all.put(
        "payments of a grower in a month",
        """
        SELECT * FROM %s.grower_payments WHERE grower_id = 17
        AND paid_date BETWEEN current_date - 60 AND current_date - 30""");
    all.put(
        "payments of a week",
        """
        SELECT * FROM %s.grower_payments
        WHERE paid_date BETWEEN current_date - 37 AND current_date - 30""");
    all.put(
        "the newest 20 payments",
        "SELECT * FROM %s.grower_payments ORDER BY created_at DESC LIMIT 20");
    return all;
  }

  /** All of them, by name. */
  Map<String, Measured> measure(String schema) {
    Map<String, Measured> measured = new LinkedHashMap<>();
    ALL.forEach((name, sql) -> measured.put(name, measure(sql, schema)));
    return measured;
  }

  private Measured measure(String sql, String schema) {
    List<Double> times = new ArrayList<>();
    String node = "";
    for (int i = 0; i < RUNS; i++) {
      JsonNode plan = explain(sql.formatted(schema));
      times.add(plan.path("Execution Time").asDouble());
      node = scan(plan.path("Plan"));
    }
    return new Measured(times.stream().sorted().toList().get(RUNS / 2), node);
  }

  private JsonNode explain(String sql) {
    String json = fruitPak.rows("EXPLAIN (ANALYZE, FORMAT JSON) " + sql).get(0).get(0);
    try {
      return new ObjectMapper().readTree(json).get(0);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The node that finds the rows: the first scan that was executed, in the order of the plan. */
  private static String scan(JsonNode node) {
    String type = node.path("Node Type").asText();
    for (JsonNode child : node.path("Plans")) {
      if (child.path("Actual Loops").asInt() > 0) {
        String found = scan(child);
        return type.equals("Bitmap Heap Scan") ? found.replace("Index Scan", "Scan") : found;
      }
    }
    String index = node.path("Index Name").asText();
    return index.isEmpty() ? type : type + " using " + index.replaceFirst("^.*_chunk_", "");
  }

  /** One line a query: before, after, and the ratio, whatever it is. */
  static List<List<String>> table(Map<String, Measured> before, Map<String, Measured> after) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("QUERY", "BEFORE", "", "AFTER", "", ""));
    before.forEach(
        (name, was) -> {
          Measured now = after.get(name);
          rows.add(
              List.of(
                  name,
                  "%.2f ms".formatted(was.millis()),
                  was.node(),
                  "%.2f ms".formatted(now.millis()),
                  now.node(),
                  ratio(was.millis(), now.millis())));
        });
    return rows;
  }

  /** {@code 12 times faster}, {@code no gain}, {@code 2 times slower}. */
  static String ratio(double before, double after) {
    double faster = before / Math.max(after, 0.001);
    if (faster >= NOISE) {
      return "%.1f times faster".formatted(faster);
    }
    return faster > 1 / NOISE ? "no gain" : "%.1f times slower".formatted(1 / faster);
  }
}
