package io.tenantdb.model;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * One index that every tenant must have.
 *
 * @param name unique in its schema, as in PostgreSQL
 * @param keys at least one; {@code columns} of the spec is the short form of it
 * @param method access method ({@code USING})
 * @param include payload columns
 * @param where predicate, without the word WHERE
 * @param with storage parameters
 * @param tablespace where it is kept; not managed when empty
 * @param specHash hash over the item, absent and default fields left out
 */
public record DesiredIndex(
    String name,
    String table,
    List<Key> keys,
    String method,
    boolean unique,
    boolean nullsNotDistinct,
    List<String> include,
    Optional<String> where,
    Map<String, String> with,
    Optional<String> tablespace,
    String specHash) {

  /** In whatever tablespace. */
  public DesiredIndex(
      String name,
      String table,
      List<Key> keys,
      String method,
      boolean unique,
      boolean nullsNotDistinct,
      List<String> include,
      Optional<String> where,
      Map<String, String> with,
      String specHash) {
    this(
        name,
        table,
        keys,
        method,
        unique,
        nullsNotDistinct,
        include,
        where,
        with,
        Optional.empty(),
        specHash);
  }

  public DesiredIndex {
    keys = List.copyOf(keys);
    include = List.copyOf(include);
    with = Collections.unmodifiableMap(new TreeMap<>(with));
  }

  /**
   * One key: a column or an expression, never both.
   *
   * @param column plain column
   * @param expression SQL expression, without the outer parentheses
   * @param descending maps to DESC
   * @param nullsFirst maps to NULLS FIRST or LAST; PostgreSQL's own rule when empty
   * @param opclass operator class as SQL writes it, with its schema if need be
   * @param collation collation as SQL writes it, with its schema if need be
   * @param opclassParameters of the operator class, which is named then
   * @param statistics target of an expression's statistics, 0 to 10,000; not managed when empty
   */
  public record Key(
      Optional<String> column,
      Optional<String> expression,
      boolean descending,
      Optional<Boolean> nullsFirst,
      Optional<String> opclass,
      Optional<String> collation,
      Map<String, String> opclassParameters,
      Optional<Integer> statistics) {

    public Key {
      opclassParameters = Collections.unmodifiableMap(new TreeMap<>(opclassParameters));
    }

    /** Without parameters of the operator class, and with whatever statistics. */
    public Key(
        Optional<String> column,
        Optional<String> expression,
        boolean descending,
        Optional<Boolean> nullsFirst,
        Optional<String> opclass,
        Optional<String> collation) {
      this(
          column,
          expression,
          descending,
          nullsFirst,
          opclass,
          collation,
          Map.of(),
          Optional.empty());
    }

    /**
     * The key as CREATE INDEX has it. A fragment stands on lines of its own, so that a comment in
     * it ends with it.
     */
    String sql() {
      return column
              .map(Identifiers::quote)
              .orElseGet(() -> "(\n" + expression.orElseThrow() + "\n)")
          + collation.map(name -> " COLLATE " + name).orElse("")
          + opclass.map(name -> " " + name).orElse("")
          + (opclassParameters.isEmpty() ? "" : " (" + parameterList(opclassParameters) + ")")
          + (descending ? " DESC" : "")
          + nullsFirst.map(first -> first ? " NULLS FIRST" : " NULLS LAST").orElse("");
    }
  }

  /**
   * True when nothing in the definition is SQL text of the spec's author: plain columns, no
   * predicate.
   */
  public boolean plainColumns() {
    return where.isEmpty() && keys.stream().allMatch(key -> key.expression().isEmpty());
  }

  /** True when the definition has names that are looked up along the search path. */
  public boolean resolvesNames() {
    return !plainColumns()
        || keys.stream().anyMatch(key -> key.opclass().isPresent() || key.collation().isPresent());
  }

  /**
   * True where CLUSTER can go by it: {@code pg_am} does not tell of which methods it can, the
   * documentation does.
   */
  public boolean clusters() {
    return (method.equals("btree") || method.equals("gist")) && where.isEmpty();
  }

  /** Targets of the keys' statistics that are declared, by the key's position from 1. */
  public SortedMap<Integer, Integer> statistics() {
    SortedMap<Integer, Integer> targets = new TreeMap<>();
    for (int i = 0; i < keys.size(); i++) {
      int position = i + 1;
      keys.get(i).statistics().ifPresent(target -> targets.put(position, target));
    }
    return targets;
  }

  /** The same item, kept elsewhere. */
  public DesiredIndex withTablespace(Optional<String> other) {
    return new DesiredIndex(
        name, table, keys, method, unique, nullsNotDistinct, include, where, with, other, specHash);
  }

  /** The name under which it is built. */
  public String reservedName() {
    return ReservedName.building(table, name, specHash).text();
  }

  /** The mark that it bears. */
  public Mark mark(String ownerId, Mark.Origin origin) {
    return new Mark(ownerId, name, table, specHash, origin, false);
  }

  /** {@code CREATE [UNIQUE] INDEX [CONCURRENTLY] name ON relation …}. */
  public String createSql(String indexName, String relation, boolean concurrently) {
    return "CREATE "
        + (unique ? "UNIQUE " : "")
        + "INDEX "
        + (concurrently ? "CONCURRENTLY " : "")
        + Identifiers.quote(indexName)
        + " ON "
        + relation
        + " "
        + bodySql(Map.of());
  }

  /** The same with {@code timescaledb.transaction_per_chunk}, which locks one chunk at a time. */
  public String createPerChunkSql(String indexName, String relation) {
    return "CREATE INDEX "
        + Identifiers.quote(indexName)
        + " ON "
        + relation
        + " "
        + bodySql(Map.of("timescaledb.transaction_per_chunk", ""));
  }

  private String bodySql(Map<String, String> moreParameters) {
    Map<String, String> parameters = new TreeMap<>(with);
    parameters.putAll(moreParameters);
    return "USING "
        + Identifiers.quote(method)
        + " ("
        + keys.stream().map(Key::sql).collect(Collectors.joining(", "))
        + ")"
        + (include.isEmpty() ? "" : " INCLUDE (" + Identifiers.list(include) + ")")
        + (nullsNotDistinct ? " NULLS NOT DISTINCT" : "")
        + (parameters.isEmpty() ? "" : " WITH (" + parameterList(parameters) + ")")
        + tablespace.map(name -> " TABLESPACE " + Identifiers.quote(name)).orElse("")
        + where.map(predicate -> " WHERE (\n" + predicate + "\n)").orElse("");
  }

  private static String parameterList(Map<String, String> parameters) {
    return parameters.entrySet().stream()
        .map(
            e ->
                e.getKey()
                    + (e.getValue().isEmpty() ? "" : " = " + Identifiers.literal(e.getValue())))
        .collect(Collectors.joining(", "));
  }
}
