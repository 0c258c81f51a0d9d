package io.tenantdb.model;

import io.tenantdb.model.IndexTie.Kind;
import java.util.Collection;
import java.util.stream.Collectors;

/**
 * Reads what rests on indexes, from {@code pg_index}, {@code pg_inherits} and {@code pg_depend}:
 * all that would keep {@code DROP INDEX} from succeeding, and what it would take with it in
 * silence. That of the parts of an index on partitions, at any depth, is that of the index. Takes
 * no lock. The same text is asked by plans, by what carries them out, and by what they print.
 */
public final class IndexTieSql {

  // What depends on an index: constraints of tables that refer to its table, and whatever has its
  // oid as a constant of the type regclass. Its own parts, and copies of a foreign key, depend on
  // it
  // in other ways. What it depends on: its own constraint, and an extension. A foreign key from or
  // to a partitioned table has a copy for each partition, which rests on the partition's own index:
  // people know all of them by the key that they made.
  private static final String TIES =
      """
      tie_part AS MATERIALIZED (
        SELECT oid AS root, oid FROM tie_of
        UNION ALL
        SELECT p.root, i.inhrelid FROM tie_part p JOIN pg_inherits i ON i.inhparent = p.oid
      ),
      tie_own AS MATERIALIZED (
        SELECT p.root, p.oid, x.indisreplident, x.indisclustered,
               CASE WHEN p.oid <> p.root
                 THEN (SELECT n.nspname || '.' || t.relname FROM pg_class t
                       JOIN pg_namespace n ON n.oid = t.relnamespace WHERE t.oid = x.indrelid)
               END AS leaf
        FROM tie_part p JOIN pg_index x ON x.indexrelid = p.oid
        WHERE x.indisreplident OR x.indisclustered
      ),
      tie_up AS MATERIALIZED (
        SELECT p.root, p.oid, d.refclassid, d.refobjid, d.deptype
        FROM tie_part p
        JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = p.oid
          AND d.refclassid IN ('pg_constraint'::regclass, 'pg_extension'::regclass)
      ),
      tie_down AS MATERIALIZED (
        SELECT DISTINCT p.root, d.classid, d.objid, d.objsubid
        FROM tie_part p
        JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = p.oid
          AND d.deptype = 'n'
      ),
      tie_key AS (
        SELECT d.root, c.oid, c.conparentid
        FROM tie_down d JOIN pg_constraint c ON c.oid = d.objid
        WHERE d.classid = 'pg_constraint'::regclass AND c.contype = 'f'
        UNION
        SELECT k.root, c.oid, c.conparentid
        FROM tie_key k JOIN pg_constraint c ON c.oid = k.conparentid
      ),
      tie AS (
        SELECT u.root, CASE u.oid WHEN u.root THEN 'CONSTRAINT' ELSE 'CONSTRAINT_OF_PART' END AS kind,
               CASE u.oid WHEN u.root THEN '' ELSE c.conrelid::regclass || '.' END || c.conname
                 AS object
        FROM tie_up u JOIN pg_constraint c ON c.oid = u.refobjid
        WHERE u.refclassid = 'pg_constraint'::regclass
          AND (u.oid = u.root OR c.conparentid = 0)
        UNION
        SELECT o.root, 'REPLICA_IDENTITY', coalesce(' of the partition ' || min(o.leaf), '')
        FROM tie_own o WHERE o.indisreplident
        GROUP BY o.root
        UNION
        SELECT k.root, 'FOREIGN_KEY', n.nspname || '.' || t.relname || '.' || c.conname
        FROM tie_key k
        JOIN pg_constraint c ON c.oid = k.oid
        JOIN pg_class t ON t.oid = c.conrelid
        JOIN pg_namespace n ON n.oid = t.relnamespace
        WHERE k.conparentid = 0
        UNION
        SELECT f.oid, 'PARENT', n.nspname || '.' || c.relname
        FROM tie_of f
        JOIN pg_inherits i ON i.inhrelid = f.oid
        JOIN pg_class c ON c.oid = i.inhparent
        JOIN pg_namespace n ON n.oid = c.relnamespace
        UNION
        SELECT u.root, CASE u.deptype WHEN 'e' THEN 'EXTENSION_MEMBER' ELSE 'EXTENSION_DEPENDENCY' END,
               e.extname
        FROM tie_up u JOIN pg_extension e ON e.oid = u.refobjid
        WHERE u.refclassid = 'pg_extension'::regclass AND u.deptype IN ('e', 'x')
        UNION
        SELECT d.root, 'DEPENDENT',
               coalesce(pg_describe_object(d.classid, d.objid, d.objsubid), 'an object')
        FROM tie_down d
        WHERE NOT EXISTS (
          SELECT FROM pg_constraint c
          WHERE d.classid = 'pg_constraint'::regclass AND c.oid = d.objid AND c.contype = 'f')
        UNION
        SELECT o.root, CASE WHEN min(o.leaf) IS NULL THEN 'CLUSTERED' ELSE 'CLUSTERED_PART' END,
               coalesce(min(o.leaf), '')
        FROM tie_own o WHERE o.indisclustered
        GROUP BY o.root
      )
      """;

  // The reorder policy has the index's name in its configuration, and marks what it has reordered
  // as
  // clustered: where there is one, that is no tie, not even while the index changes its name. A
  // chunk's index is no child of the
  // hypertable's, and not all versions have a record of whose part it is: it is known by its
  // structure. Chunks may count their columns otherwise than the hypertable.
  private static final String OF_TIMESCALE =
      """
      tie_ht AS MATERIALIZED (
        SELECT f.oid AS root, i.relname AS name, h.id
        FROM tie_of f
        JOIN pg_index x ON x.indexrelid = f.oid
        JOIN pg_class i ON i.oid = f.oid
        JOIN pg_class t ON t.oid = x.indrelid
        JOIN pg_namespace n ON n.oid = t.relnamespace
        JOIN _timescaledb_catalog.hypertable h
          ON h.schema_name = n.nspname AND h.table_name = t.relname
      ),
      tie_policy AS MATERIALIZED (
        SELECT h.root, h.name = j.config ->> 'index_name' AS named
        FROM timescaledb_information.jobs j
        JOIN tie_ht h ON h.id::text = j.config ->> 'hypertable_id'
        WHERE j.proc_name = 'policy_reorder'
      ),
      tie_chunk AS MATERIALIZED (
        SELECT h.root, part.indisreplident AND NOT x.indisreplident AS identity,
               part.indisclustered AND NOT x.indisclustered AS clustered
        FROM tie_ht h
        JOIN pg_index x ON x.indexrelid = h.root
        JOIN pg_class r ON r.oid = x.indexrelid
        JOIN pg_inherits c ON c.inhparent = x.indrelid
        JOIN pg_index part ON part.indrelid = c.inhrelid
        JOIN pg_class p ON p.oid = part.indexrelid
        WHERE (part.indisclustered OR part.indisreplident) AND p.relam = r.relam
          AND part.indisunique = x.indisunique AND part.indnkeyatts = x.indnkeyatts
          AND part.indclass::text = x.indclass::text
          AND part.indcollation::text = x.indcollation::text
          AND part.indoption::text = x.indoption::text
          AND (part.indexprs IS NULL) = (x.indexprs IS NULL)
          AND (part.indpred IS NULL) = (x.indpred IS NULL)
          AND ARRAY(
                SELECT coalesce(a.attname, '')
                FROM unnest(part.indkey::int2[]) WITH ORDINALITY AS k(attnum, nth)
                LEFT JOIN pg_attribute a
                  ON a.attrelid = part.indrelid AND a.attnum = k.attnum AND k.attnum > 0
                ORDER BY k.nth)
            = ARRAY(
                SELECT coalesce(a.attname, '')
                FROM unnest(x.indkey::int2[]) WITH ORDINALITY AS k(attnum, nth)
                LEFT JOIN pg_attribute a
                  ON a.attrelid = x.indrelid AND a.attnum = k.attnum AND k.attnum > 0
                ORDER BY k.nth)
      ),
      tie AS (
        SELECT root, 'REORDER_POLICY' AS kind, '' AS object FROM tie_policy WHERE named
        UNION
        SELECT root, 'REPLICA_IDENTITY', ' of a chunk' FROM tie_chunk WHERE identity
        UNION
        SELECT root, 'CLUSTERED_CHUNKS', '' FROM tie_chunk
        WHERE clustered AND root NOT IN (SELECT root FROM tie_policy)
      )
      """;

  private IndexTieSql() {}

  /**
   * The beginning of a query, which goes on with its {@code SELECT}: with it comes the relation
   * {@code tie (root, kind, object)}, where {@code root} is the index.
   *
   * @param indexes selects their oids as {@code oid}
   */
  public static String with(String indexes) {
    return with(indexes, TIES);
  }

  /** The same of what TimescaleDB knows, where that is installed: its own relations are read. */
  public static String withTimescale(String indexes) {
    return with(indexes, OF_TIMESCALE);
  }

  private static String with(String indexes, String ties) {
    return "WITH RECURSIVE tie_of AS MATERIALIZED (" + indexes + "),\n" + ties;
  }

  /**
   * A condition that holds where the index has no tie of the kinds.
   *
   * @param index an expression: its oid, or NULL
   */
  static String none(String index, Collection<Kind> kinds) {
    return none(index, TIES, kinds);
  }

  /** The same of what TimescaleDB knows. */
  static String noneOfTimescale(String index, Collection<Kind> kinds) {
    return none(index, OF_TIMESCALE, kinds);
  }

  private static String none(String index, String ties, Collection<Kind> kinds) {
    return "NOT EXISTS ("
        // A line for each of the relations: people read this.
        + with("SELECT " + index + "::oid AS oid", ties).replaceAll("\n( +|(?=\\)))", " ").strip()
        + "\nSELECT FROM tie WHERE kind IN ("
        + kinds.stream()
            .map(kind -> Identifiers.literal(kind.name()))
            .sorted()
            .collect(Collectors.joining(", "))
        + "))";
  }

  /** One of them, from its columns. */
  public static IndexTie tie(String kind, String object) {
    return new IndexTie(IndexTie.Kind.valueOf(kind), object);
  }
}
