package io.tenantdb.model;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A change of an index on a continuous aggregate. Such an index stands on the hypertable that keeps
 * the aggregate's rows, in TimescaleDB's schema: names there are shared by all tenants, so it bears
 * the hypertable's id behind its own ({@link #liveName}), and its mark says what was declared.
 * Nothing but refreshes writes there, so that a plain build in one transaction keeps no application
 * waiting, and readers least of all.
 */
public sealed interface AggregateIndexChange extends Change {

  /** Where the index is kept. */
  ObservedAggregate.Materialization materialization();

  /** Makes the index. */
  record CreateAggregateIndex(
      Target target,
      ObservedAggregate.Materialization materialization,
      DesiredIndex index,
      CanonicalIndex.Buildable canonical,
      Mark mark,
      List<String> searchPath,
      boolean drift)
      implements AggregateIndexChange {
    @Override
    public String object() {
      return target.table() + "." + index.name();
    }

    @Override
    public String before() {
      return "absent";
    }

    @Override
    public String after() {
      return canonical.printed().summary(400);
    }

    @Override
    public boolean lasting() {
      return true;
    }

    @Override
    public Optional<DesiredIndex> builds() {
      return Optional.of(index);
    }

    @Override
    public List<Statement> statements() {
      String name = liveName(index.name(), materialization);
      return List.of(
          Statement.of("SET LOCAL search_path = " + Identifiers.list(searchPath)),
          Statement.of(index.createSql(name, target.relation(), false)),
          AggregateSql.PG_CATALOG,
          commentOn(materialization, name, mark.text()));
    }

    @Override
    public CreateAggregateIndex anyTenant() {
      return new CreateAggregateIndex(
          target.anyTenant(),
          new ObservedAggregate.Materialization(
              0, materialization.schema(), materialization.table()),
          index,
          canonical,
          mark,
          Stream.concat(Stream.of("<schema>"), searchPath.stream().skip(1)).toList(),
          drift);
    }
  }

  /**
   * Writes the mark of an index that is as declared.
   *
   * @param liveName the name that it bears
   */
  record MarkAggregateIndex(
      Target target,
      ObservedAggregate.Materialization materialization,
      String name,
      String liveName,
      Mark mark,
      String existing)
      implements AggregateIndexChange {
    @Override
    public String object() {
      return target.table() + "." + name;
    }

    @Override
    public String before() {
      return existing.startsWith("tenantdb:v1 ")
          ? "as declared, stale mark"
          : "as declared, unmarked";
    }

    @Override
    public String after() {
      return "marked";
    }

    @Override
    public List<Statement> statements() {
      return List.of(commentOn(materialization, liveName, mark.above(existing)));
    }

    @Override
    public MarkAggregateIndex anyTenant() {
      return new MarkAggregateIndex(target.anyTenant(), materialization, name, liveName, mark, "");
    }
  }

  /** The declared name, cut where need be, and the id of the hypertable that it stands on. */
  static String liveName(String name, ObservedAggregate.Materialization materialization) {
    String suffix = "_" + materialization.id();
    return Identifiers.cut(name, Identifiers.MAX_BYTES - suffix.length()) + suffix;
  }

  private static Statement commentOn(
      ObservedAggregate.Materialization materialization, String index, String text) {
    return Statement.of(
        "COMMENT ON INDEX "
            + Identifiers.qualified(materialization.schema(), index)
            + " IS "
            + Identifiers.literal(text));
  }
}
