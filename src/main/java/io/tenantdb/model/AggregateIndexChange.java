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
      return canonical.printed().summary()
          + index.tablespace().map(name -> " in tablespace " + name).orElse("");
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
          commentOn(materialization, name, mark.text()).asMarking());
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
   * Makes the index beside the one that stands in its place, and drops that one at the end of the
   * same transaction: readers wait for the drop alone.
   *
   * @param build what makes it
   * @param old the name of the one that goes
   * @param was what is wrong with it, without the tenant
   * @param takeOver it is not ours
   * @param comment the comment that it has; a person's own words go over to the new one
   */
  record ReplaceAggregateIndex(
      CreateAggregateIndex build, String old, String was, boolean takeOver, String comment)
      implements AggregateIndexChange {
    @Override
    public Target target() {
      return build.target();
    }

    @Override
    public ObservedAggregate.Materialization materialization() {
      return build.materialization();
    }

    @Override
    public String object() {
      return build.object();
    }

    @Override
    public String before() {
      return was;
    }

    @Override
    public String after() {
      return build.after();
    }

    @Override
    public Hazard hazard() {
      return takeOver ? Hazard.TAKES_OVER : Hazard.NONE;
    }

    @Override
    public boolean drift() {
      return build.drift();
    }

    @Override
    public boolean lasting() {
      return true;
    }

    @Override
    public List<Statement> statements() {
      DesiredIndex index = build.index();
      String name = liveName(index.name(), materialization());
      // Nobody may rename in that schema, so that the two take turns; the mark tells which is ours.
      String free =
          name.equals(old) ? liveName(index.name(), index.specHash(), materialization()) : name;
      return List.of(
          AggregateSql.path(build.searchPath()),
          Statement.of(index.createSql(free, target().relation(), false)),
          AggregateSql.PG_CATALOG,
          commentOn(materialization(), free, build.mark().above(comment)),
          Statement.of("DROP INDEX " + Identifiers.qualified(materialization().schema(), old)));
    }

    @Override
    public ReplaceAggregateIndex anyTenant() {
      return new ReplaceAggregateIndex(build.anyTenant(), old, was, takeOver, comment);
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
      return new MarkAggregateIndex(
          target.anyTenant(), materialization, name, liveName, mark, existing);
    }
  }

  /** The declared name, cut where need be, and the id of the hypertable that it stands on. */
  static String liveName(String name, ObservedAggregate.Materialization materialization) {
    String suffix = "_" + materialization.id();
    return Identifiers.cut(name, Identifiers.MAX_BYTES - suffix.length()) + suffix;
  }

  private static String liveName(
      String name, String specHash, ObservedAggregate.Materialization materialization) {
    String suffix = "_" + specHash + "_" + materialization.id();
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
