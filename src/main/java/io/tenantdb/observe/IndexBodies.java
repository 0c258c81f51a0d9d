package io.tenantdb.observe;

import io.tenantdb.model.IndexBody;
import io.tenantdb.observe.IndexReader.Index;
import io.tenantdb.observe.TableReader.Table;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The printed bodies of index signatures, kept from one reading to the next unless they name what
 * could be renamed without a trace in the signature: a function, type, operator class or collation
 * outside {@code pg_catalog}, or the schema that it is in. Such are printed anew each time.
 * Printing takes ACCESS SHARE on the table and so waits behind one tenant's {@code ALTER TABLE}:
 * one exemplar of each signature is printed, and another tenant's where that one is locked.
 */
final class IndexBodies {

  /** Exemplars that are tried one by one where the first could not be had at once. */
  private static final int TRIES = 3;

  /** What a printed body depends on: nothing of one tenant. */
  private record Key(String table, String columnSignature, String indexSignature) {}

  /** A body as it was printed, the schema of the tenant whose it was still in it. */
  private record Printed(boolean unique, String tail, IndexBody shared) {
    /** Under the session's search path nothing outside {@code pg_catalog} is printed without. */
    boolean qualified() {
      return tail.contains(".");
    }
  }

  private record Exemplar(Key key, Index index) {}

  private record Row(long index, String definition, String name, String table, boolean unique) {}

  private static final String DEFINITIONS =
      """
      SELECT x.indexrelid, pg_get_indexdef(x.indexrelid), quote_ident(i.relname),
             CASE i.relkind WHEN 'I' THEN 'ONLY ' ELSE '' END
               || quote_ident(n.nspname) || '.' || quote_ident(t.relname),
             x.indisunique
      FROM unnest(?::oid[]) AS e(oid)
      JOIN pg_index x ON x.indexrelid = e.oid
      JOIN pg_class i ON i.oid = x.indexrelid
      JOIN pg_class t ON t.oid = x.indrelid
      JOIN pg_namespace n ON n.oid = t.relnamespace
      """;

  private final Map<Key, Printed> printed;

  private IndexBodies(Map<Key, Printed> printed) {
    this.printed = printed;
  }

  /** Knows none yet. */
  static IndexBodies none() {
    return new IndexBodies(Map.of());
  }

  /** How many are known. */
  int size() {
    return printed.size();
  }

  /**
   * These and the bodies of all indexes that are not known yet; what no index has any more is
   * forgotten.
   *
   * @param locked tables that another session holds or awaits in ACCESS EXCLUSIVE
   */
  IndexBodies refreshed(
      Catalog catalog, List<Index> indexes, Map<Long, Table> tables, Set<Long> locked)
      throws SQLException {
    Map<Key, Printed> now = new HashMap<>();
    Map<Key, List<Exemplar>> missing = new LinkedHashMap<>();
    for (Index index : indexes) {
      Table table = tables.get(index.table());
      if (table == null) {
        continue;
      }
      Key key = key(table, index);
      Printed known = printed.get(key);
      if (known != null && !known.qualified()) {
        now.put(key, known);
      } else if (!locked.contains(table.oid())) {
        List<Exemplar> exemplars = missing.computeIfAbsent(key, k -> new ArrayList<>(TRIES));
        if (exemplars.size() < TRIES) {
          exemplars.add(new Exemplar(key, index));
        }
      }
    }
    print(catalog, missing, now);
    return new IndexBodies(now);
  }

  /** The body of an index; empty where no exemplar of it could be printed. */
  Optional<IndexBody> body(Table table, Index index, String quotedSchema) {
    Printed known = printed.get(key(table, index));
    if (known == null) {
      return Optional.empty();
    }
    if (!known.qualified()) {
      return Optional.of(known.shared());
    }
    IndexBody body = IndexBody.ofTail(known.unique(), known.tail(), quotedSchema);
    return Optional.of(body.equals(known.shared()) ? known.shared() : body);
  }

  private static Key key(Table table, Index index) {
    return new Key(table.name(), table.columnSignature(), index.signature());
  }

  private static void print(
      Catalog catalog, Map<Key, List<Exemplar>> missing, Map<Key, Printed> now)
      throws SQLException {
    if (missing.isEmpty()) {
      return;
    }
    List<Exemplar> first = missing.values().stream().map(list -> list.get(0)).toList();
    if (tryPrint(catalog, first, now)) {
      return;
    }
    for (List<Exemplar> candidates : missing.values()) {
      for (Exemplar candidate : candidates) {
        if (tryPrint(catalog, List.of(candidate), now)) {
          break;
        }
      }
    }
  }

  /** True when all were printed; some may be where it is false. */
  private static boolean tryPrint(Catalog catalog, List<Exemplar> exemplars, Map<Key, Printed> now)
      throws SQLException {
    Map<Long, Key> keys =
        exemplars.stream().collect(Collectors.toMap(e -> e.index().oid(), Exemplar::key));
    List<Row> rows;
    try {
      rows = catalog.brieflyLocking(() -> definitions(catalog, keys.keySet()));
    } catch (SQLException e) {
      if (LockedOrGone.is(e)) {
        return false;
      }
      throw e;
    }
    for (Row row : rows) {
      tail(row)
          .ifPresent(
              tail ->
                  now.put(
                      keys.get(row.index()),
                      new Printed(row.unique(), tail, new IndexBody(row.unique(), tail))));
    }
    return now.keySet().containsAll(keys.values());
  }

  private static List<Row> definitions(Catalog catalog, Set<Long> indexes) throws SQLException {
    return catalog.rows(
        DEFINITIONS,
        row ->
            new Row(
                row.getLong(1),
                row.getString(2),
                row.getString(3),
                row.getString(4),
                row.getBoolean(5)),
        Catalog.oids(indexes));
  }

  /** Empty where the index was dropped or renamed while it was printed. */
  private static Optional<String> tail(Row row) {
    if (row.definition() == null) {
      return Optional.empty();
    }
    try {
      return Optional.of(IndexBody.tail(row.definition(), row.unique(), row.name(), row.table()));
    } catch (IllegalArgumentException renamedMeanwhile) {
      return Optional.empty();
    }
  }
}
