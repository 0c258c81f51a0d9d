package io.tenantdb.apply;

import io.tenantdb.database.Sql;
import io.tenantdb.model.Identifiers;
import io.tenantdb.model.IndexBody;
import io.tenantdb.model.Partition;
import io.tenantdb.model.Partition.Kind;
import io.tenantdb.model.Statement;
import io.tenantdb.model.Target;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A partitioned table as it is now, and which of its partitions have a part of an index.
 *
 * @param root the index itself
 * @param branches all partitions but the foreign ones, parents first
 */
record PartitionTree(Optional<Built> root, List<Branch> branches) {

  /**
   * What was built.
   *
   * @param body with the tenant's schema replaced by the placeholder
   */
  record Built(boolean valid, IndexBody body) {}

  /** An index. */
  record Index(String schema, String name) {
    /** Qualified and quoted. */
    String qualified() {
      return Identifiers.qualified(schema, name);
    }
  }

  /**
   * A partition and its part of the index.
   *
   * @param above the index that its part is, or will be, attached to; empty where that is not there
   */
  record Branch(Partition partition, Optional<Index> above, Optional<Index> part) {}

  // A partition that is being detached concurrently is no part of the table any more.
  private static final String TREE =
      """
      WITH RECURSIVE tree AS (
        SELECT c.oid, 0::oid AS parent, 0 AS level
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = ? AND c.relname = ? AND c.relkind = 'p'
        UNION ALL
        SELECT i.inhrelid, i.inhparent, t.level + 1
        FROM tree t JOIN pg_inherits i ON i.inhparent = t.oid AND NOT i.inhdetachpending
      ),
      ix AS (
        SELECT x.indexrelid AS oid
        FROM pg_index x
        JOIN pg_class c ON c.oid = x.indexrelid
        JOIN tree t ON t.oid = x.indrelid AND t.level = 0
        WHERE c.relname = ?
        UNION ALL
        SELECT i.inhrelid FROM ix JOIN pg_inherits i ON i.inhparent = ix.oid
      )
      SELECT t.oid, t.parent, n.nspname, c.relname, pg_get_userbyid(c.relowner), c.relkind,
             xn.nspname, i.relname
      FROM tree t
      JOIN pg_class c ON c.oid = t.oid
      JOIN pg_namespace n ON n.oid = c.relnamespace
      LEFT JOIN (ix JOIN pg_index x ON x.indexrelid = ix.oid
                 JOIN pg_class i ON i.oid = x.indexrelid
                 JOIN pg_namespace xn ON xn.oid = i.relnamespace) ON x.indrelid = t.oid
      WHERE c.relkind <> 'f'
      ORDER BY t.level, n.nspname, c.relname
      """;

  private static final String BUILT =
      """
      SELECT x.indisvalid, x.indisunique, pg_get_indexdef(x.indexrelid), quote_ident(i.relname),
             CASE i.relkind WHEN 'I' THEN 'ONLY ' ELSE '' END
               || quote_ident(n.nspname) || '.' || quote_ident(t.relname),
             quote_ident(?)
      FROM pg_index x
      JOIN pg_class i ON i.oid = x.indexrelid
      JOIN pg_class t ON t.oid = x.indrelid
      JOIN pg_namespace n ON n.oid = t.relnamespace
      WHERE n.nspname = ? AND t.relname = ? AND i.relname = ?
      """;

  private record Row(
      long oid,
      long parent,
      String schema,
      String name,
      String owner,
      boolean partitioned,
      Optional<Index> index) {}

  /**
   * Reads it.
   *
   * @param target the partitioned table
   * @param index the index's name
   */
  static PartitionTree read(Connection connection, Target target, String index)
      throws SQLException {
    List<Row> rows =
        Sql.query(
            connection,
            Statement.of(TREE, target.schema(), target.table(), index),
            row ->
                new Row(
                    row.getLong(1),
                    row.getLong(2),
                    row.getString(3),
                    row.getString(4),
                    row.getString(5),
                    row.getString(6).equals("p"),
                    row.getString(8) == null
                        ? Optional.empty()
                        : Optional.of(new Index(row.getString(7), row.getString(8)))));
    Map<Long, Partition> partitions = new LinkedHashMap<>();
    Map<Long, Optional<Index>> indexes = new LinkedHashMap<>();
    List<Branch> branches = new ArrayList<>();
    for (Row row : rows) {
      indexes.put(row.oid(), row.index());
      if (row.parent() != 0) {
        Partition partition =
            new Partition(
                row.schema(),
                row.name(),
                row.owner(),
                row.partitioned() ? Kind.PARTITIONED : Kind.LEAF,
                Optional.ofNullable(partitions.get(row.parent())),
                true,
                List.of());
        partitions.put(row.oid(), partition);
        branches.add(
            new Branch(
                partition, indexes.getOrDefault(row.parent(), Optional.empty()), row.index()));
      }
    }
    return new PartitionTree(
        built(connection, target.schema(), target.table(), index, target.schema()), branches);
  }

  /**
   * The index of a leaf, be it part of another one or not.
   *
   * @param tenant the tenant's schema, which is not always the leaf's
   */
  static Optional<Built> leafIndex(
      Connection connection, Partition leaf, String name, String tenant) throws SQLException {
    return built(connection, leaf.schema(), leaf.name(), name, tenant);
  }

  private static Optional<Built> built(
      Connection connection, String schema, String table, String name, String tenant)
      throws SQLException {
    return Sql.query(
            connection,
            Statement.of(BUILT, tenant, schema, table, name),
            row ->
                new Built(
                    row.getBoolean(1),
                    IndexBody.of(
                        row.getString(3),
                        row.getBoolean(2),
                        row.getString(4),
                        row.getString(5),
                        row.getString(6))))
        .stream()
        .findFirst();
  }
}
