package io.tenantdb.fleet;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Draws specs whose few names go round between three tables, indexes and aggregates, and what a
 * person does to the names meanwhile.
 */
final class NamesDraw {

  static final List<String> TABLES = List.of("batches", "grower_payments", "growers");
  private static final List<String> NAMES = List.of("n_a", "n_b", "n_c", "n_d");
  private static final List<List<String>> COLUMNS =
      List.of(List.of("id"), List.of("grower_id"), List.of("grower_id", "id"));

  private final Random random;

  NamesDraw(Random random) {
    this.random = random;
  }

  /** A declared index. */
  record Ix(String table, List<String> columns) {}

  /**
   * What is declared.
   *
   * @param indexes by name
   * @param aggregates the tables that they count, by name
   */
  record Spec(
      Map<String, Ix> indexes,
      Map<String, String> aggregates,
      boolean prune,
      boolean allow,
      boolean correct) {

    /** The same with leave for all. */
    Spec permissive(boolean prunes, boolean allows, boolean corrects) {
      return new Spec(indexes, aggregates, prune || prunes, allow || allows, correct || corrects);
    }

    String yaml() {
      StringBuilder yaml =
          new StringBuilder(
              "safety: {onDestructive: %s, prune: %s, onDrift: %s}\n"
                  .formatted(
                      allow ? "Allow" : "Deny",
                      prune ? "OwnedOnly" : "Disabled",
                      correct ? "Correct" : "Report"));
      if (!indexes.isEmpty()) {
        yaml.append("indexes:\n");
      }
      indexes.forEach(
          (name, ix) ->
              yaml.append(
                  "- {name: %s, table: %s, columns: [%s]}\n"
                      .formatted(name, ix.table(), String.join(", ", ix.columns()))));
      if (!aggregates.isEmpty()) {
        yaml.append("aggregates:\n");
      }
      aggregates.forEach(
          (name, table) ->
              yaml.append(
                  """
                  - name: %s
                    query: SELECT grower_id, count(*) AS n FROM %s GROUP BY 1
                    fallback: MaterializedView
                    uniqueColumns: [grower_id]
                    refresh: {every: 1 hour, startOffset: 7 days, endOffset: 1 hour}
                  """
                      .formatted(name, table)));
      return yaml.toString();
    }
  }

  Spec spec() {
    Map<String, Ix> indexes = new LinkedHashMap<>();
    Map<String, String> aggregates = new LinkedHashMap<>();
    Set<String> used = new HashSet<>();
    for (String name : NAMES) {
      switch (random.nextInt(8)) {
        case 0, 1 -> {}
        case 2 -> {
          String key = name + "_key";
          if (used.add(name) && used.add(key)) {
            aggregates.put(name, one(TABLES));
          }
        }
        default -> {
          // Now and then as the unique index of an aggregate is called.
          String index = random.nextInt(6) == 0 ? one(NAMES) + "_key" : name;
          if (used.add(index)) {
            indexes.put(index, new Ix(one(TABLES), one(COLUMNS)));
          }
        }
      }
    }
    if (!aggregates.isEmpty() && random.nextInt(3) == 0 && used.add("n_e")) {
      indexes.put("n_e", new Ix(one(List.copyOf(aggregates.keySet())), List.of("n")));
    }
    return new Spec(
        indexes, aggregates, random.nextInt(3) > 0, random.nextInt(3) > 0, random.nextInt(4) > 0);
  }

  /** The same objects under other rules. */
  Spec same(Spec spec) {
    Spec rules = spec();
    return new Spec(
        spec.indexes(), spec.aggregates(), rules.prune(), rules.allow(), rules.correct());
  }

  /** The same objects, whose names go round. */
  Spec rotated(Spec spec) {
    List<String> names = new ArrayList<>(spec.indexes().keySet());
    names.removeIf(name -> name.equals("n_e"));
    List<String> others = new ArrayList<>(names);
    Collections.rotate(others, 1);
    Map<String, String> to = new LinkedHashMap<>();
    for (int i = 0; i < names.size(); i++) {
      to.put(names.get(i), others.get(i));
    }
    Map<String, Ix> indexes =
        spec.indexes().entrySet().stream()
            .collect(
                Collectors.toMap(
                    e -> to.getOrDefault(e.getKey(), e.getKey()),
                    Map.Entry::getValue,
                    (a, b) -> a,
                    LinkedHashMap::new));
    return new Spec(indexes, spec.aggregates(), spec.prune(), spec.allow(), spec.correct());
  }

  /**
   * What a person does, as SQL.
   *
   * @param indexes the public ones that are there, with their tables
   */
  List<String> meddling(Map<String, String> indexes, Set<String> relations) {
    List<String> sql = new ArrayList<>();
    List<String> there = new ArrayList<>(indexes.keySet());
    List<String> free = new ArrayList<>(NAMES);
    NAMES.forEach(name -> free.add(name + "_key"));
    free.removeAll(relations);
    Collections.shuffle(there, random);
    Collections.shuffle(free, random);
    switch (random.nextInt(8)) {
      case 0, 1 -> {
        if (there.size() >= 2) {
          sql.add(rename(there.get(0), "person"));
          sql.add(rename(there.get(1), there.get(0)));
          sql.add(rename("person", there.get(1)));
        }
      }
      case 2 -> {
        if (there.size() >= 3) {
          sql.add(rename(there.get(0), "person"));
          sql.add(rename(there.get(1), there.get(0)));
          sql.add(rename(there.get(2), there.get(1)));
          sql.add(rename("person", there.get(2)));
        }
      }
      case 3 -> {
        if (!there.isEmpty() && !free.isEmpty()) {
          sql.add(rename(there.get(0), free.get(0)));
        }
      }
      case 4 -> {
        if (!free.isEmpty()) {
          sql.add(
              "CREATE INDEX %s ON %s (%s)"
                  .formatted(free.get(0), one(TABLES), String.join(", ", one(COLUMNS))));
        }
      }
      case 5 -> {
        if (!free.isEmpty()) {
          sql.add("CREATE SEQUENCE " + free.get(0));
        }
      }
      case 6 -> {
        if (!there.isEmpty()) {
          sql.add("DROP INDEX " + there.get(0));
        }
      }
      default -> {
        if (!there.isEmpty()) {
          sql.add("COMMENT ON INDEX " + there.get(0) + " IS NULL");
        }
      }
    }
    return sql;
  }

  static String rename(String from, String to) {
    return "ALTER INDEX " + from + " RENAME TO " + to;
  }

  private <T> T one(List<T> of) {
    return of.get(random.nextInt(of.size()));
  }
}
