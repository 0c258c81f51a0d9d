package io.tenantdb.observe;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;

/** Reads what may stand in the way of converting tables to hypertables. */
final class ConversionReader {

  /**
   * Obstacles.
   *
   * @param pages real sizes; a table that another session holds locked has none
   * @param references foreign keys that point to a table, as {@code schema.table.constraint}
   * @param published tables that a publication has
   */
  record Obstacles(Map<Long, Long> pages, Map<Long, List<String>> references, Set<Long> published) {

    OptionalLong pages(long table) {
      Long known = pages.get(table);
      return known == null ? OptionalLong.empty() : OptionalLong.of(known);
    }
  }

  private static final String SIZES =
      """
      SELECT e.oid, pg_relation_size(e.oid) / current_setting('block_size')::bigint
      FROM unnest(?::oid[]) AS e(oid)
      """;

  private static final String REFERENCES =
      """
      WITH tb AS MATERIALIZED (SELECT unnest(?::oid[]) AS oid)
      SELECT c.confrelid, n.nspname || '.' || t.relname || '.' || c.conname
      FROM pg_constraint c
      JOIN tb ON tb.oid = c.confrelid
      JOIN pg_class t ON t.oid = c.conrelid
      JOIN pg_namespace n ON n.oid = t.relnamespace
      WHERE c.contype = 'f' AND c.conparentid = 0
      ORDER BY 2
      """;

  private static final String PUBLISHED =
      """
      WITH tb AS MATERIALIZED (SELECT unnest(?::oid[]) AS oid)
      SELECT tb.oid FROM tb JOIN pg_publication_rel r ON r.prrelid = tb.oid
      UNION
      SELECT tb.oid FROM tb WHERE EXISTS (SELECT FROM pg_publication WHERE puballtables)
      """;

  private static final String PUBLISHED_BY_SCHEMA =
      """
      UNION
      SELECT tb.oid FROM tb
      JOIN pg_class t ON t.oid = tb.oid
      JOIN pg_publication_namespace n ON n.pnnspid = t.relnamespace
      """;

  private final Catalog catalog;

  ConversionReader(Catalog catalog) {
    this.catalog = catalog;
  }

  /**
   * The obstacles of the tables.
   *
   * @param locked tables that another session holds or awaits in ACCESS EXCLUSIVE: their size
   *     cannot be read without waiting
   */
  Obstacles obstacles(Set<Long> tables, Set<Long> locked) throws SQLException {
    String all = Catalog.oids(tables);
    Map<Long, List<String>> references = new HashMap<>();
    catalog
        .rows(REFERENCES, row -> Map.entry(row.getLong(1), row.getString(2)), all)
        .forEach(
            e ->
                references
                    .computeIfAbsent(e.getKey(), table -> new ArrayList<>())
                    .add(e.getValue()));
    String published = catalog.versionNum() >= 150000 ? PUBLISHED + PUBLISHED_BY_SCHEMA : PUBLISHED;
    return new Obstacles(
        pages(tables, locked),
        references,
        new HashSet<>(catalog.rows(published, row -> row.getLong(1), all)));
  }

  private Map<Long, Long> pages(Set<Long> tables, Set<Long> locked) throws SQLException {
    Set<Long> free = new HashSet<>(tables);
    free.removeAll(locked);
    Map<Long, Long> pages = new HashMap<>();
    try {
      catalog
          .brieflyLocking(
              () ->
                  catalog.rows(
                      SIZES, row -> Map.entry(row.getLong(1), row.getLong(2)), Catalog.oids(free)))
          .forEach(e -> pages.put(e.getKey(), e.getValue()));
    } catch (SQLException e) {
      // Somebody locked one of them just now: then no size is known in this reading.
      if (!LockedOrGone.is(e)) {
        throw e;
      }
    }
    return pages;
  }
}
