package io.tenantdb.model;

import io.tenantdb.model.Effect.Aspect;
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

  /**
   * Makes the index.
   *
   * @param liveName the name that it gets, which nothing bears
   */
  record CreateAggregateIndex(
      Target target,
      ObservedAggregate.Materialization materialization,
      DesiredIndex index,
      CanonicalIndex.Buildable canonical,
      Mark mark,
      List<String> searchPath,
      boolean drift,
      String liveName)
      implements AggregateIndexChange {
    @Override
    public List<Effect> effects() {
      return List.of(Effect.takes(materialization.schema(), liveName));
    }

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
      return List.of(
          Statement.of("SET LOCAL search_path = " + Identifiers.list(searchPath)),
          Statement.of(index.createSql(liveName, target.relation(), false)),
          AggregateSql.PG_CATALOG,
          commentOn(materialization, liveName, mark.text()).asMarking());
    }

    @Override
    public CreateAggregateIndex anyTenant() {
      String suffix = "_" + materialization.id();
      return new CreateAggregateIndex(
          target.anyTenant(),
          new ObservedAggregate.Materialization(
              0, materialization.schema(), materialization.table()),
          index,
          canonical,
          mark,
          Stream.concat(Stream.of("<schema>"), searchPath.stream().skip(1)).toList(),
          drift,
          liveName.endsWith(suffix)
              ? liveName.substring(0, liveName.length() - suffix.length()) + "_0"
              : liveName);
    }
  }

  /**
   * Makes the index beside the one that stands in its place, and drops that one at the end of the
   * same transaction: readers wait for the drop alone. Nobody may rename in that schema, so that it
   * keeps another name than that one; the mark tells which is ours. Where TimescaleDB could not
   * tell the two apart ({@link IndexReplacement.RebuildIndex}) that one is dropped first, and
   * readers wait for the build too; no query ever finds the aggregate without either.
   *
   * @param build what makes it
   * @param old the name of the one that goes
   * @param was what is wrong with it, without the tenant
   * @param takeOver it is not ours
   * @param comment the comment that it has; a person's own words go over to the new one
   * @param dropsFirst the two cannot be there at once
   */
  record ReplaceAggregateIndex(
      CreateAggregateIndex build,
      String old,
      String was,
      boolean takeOver,
      String comment,
      boolean dropsFirst)
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
    public List<Effect> effects() {
      return List.of(
          Effect.takes(materialization().schema(), build.liveName()),
          Effect.drops(materialization().schema(), old));
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
      List<Statement> making =
          List.of(
              AggregateSql.path(build.searchPath()),
              Statement.of(build.index().createSql(build.liveName(), target().relation(), false)),
              AggregateSql.PG_CATALOG,
              commentOn(materialization(), build.liveName(), build.mark().above(comment))
                  .asMarking());
      List<Statement> dropping =
          List.of(
              Statement.of("DROP INDEX " + Identifiers.qualified(materialization().schema(), old)));
      return (dropsFirst
              ? Stream.concat(dropping.stream(), making.stream())
              : Stream.concat(making.stream(), dropping.stream()))
          .toList();
    }

    @Override
    public List<String> steps() {
      return IndexScript.makeWay(this);
    }

    @Override
    public ReplaceAggregateIndex anyTenant() {
      return new ReplaceAggregateIndex(build.anyTenant(), old, was, takeOver, comment, dropsFirst);
    }
  }

  /**
   * Writes the mark of an index that is as declared.
   *
   * @param liveName the name that it bears
   * @param existing the comment that it has
   * @param body what it is, and must be still
   */
  record MarkAggregateIndex(
      Target target,
      ObservedAggregate.Materialization materialization,
      String name,
      String liveName,
      Mark mark,
      String existing,
      IndexBody body)
      implements AggregateIndexChange {
    @Override
    public List<Effect> effects() {
      return List.of(Effect.sets(materialization.schema(), liveName, Aspect.MARK));
    }

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
    public Optional<Statement> mustFindNothing() {
      return Optional.of(
          IndexCheck.of(target, materialization, liveName).isAnother(body, existing));
    }

    @Override
    public MarkAggregateIndex anyTenant() {
      return new MarkAggregateIndex(
          target.anyTenant(), materialization, name, liveName, mark, existing, body);
    }
  }

  /** The declared name, cut where need be, and the id of the hypertable that it stands on. */
  static String liveName(String name, ObservedAggregate.Materialization materialization) {
    String suffix = "_" + materialization.id();
    return Identifiers.cut(name, Identifiers.MAX_BYTES - suffix.length()) + suffix;
  }

  /**
   * The names that it can get, the best first, without end: two long names can be cut to one, and
   * an index and the one that it replaces are there at once.
   */
  static Stream<String> liveNames(
      DesiredIndex index, ObservedAggregate.Materialization materialization) {
    return Stream.concat(
        Stream.of(liveName(index.name(), materialization)),
        Stream.iterate(index.specHash(), Hashes::hex16)
            .map(hash -> hashed(index.name(), hash, materialization)));
  }

  private static String hashed(
      String name, String hash, ObservedAggregate.Materialization materialization) {
    String suffix = "_" + hash + "_" + materialization.id();
    return Identifiers.cut(name, Identifiers.MAX_BYTES - suffix.length()) + suffix;
  }

  /** True for any of the names that an index of the declared name can get. */
  static boolean isLiveName(
      String live, String name, ObservedAggregate.Materialization materialization) {
    int end = live.length() - ("_" + materialization.id()).length();
    int begin = end - "0123456789abcdef".length();
    return live.equals(liveName(name, materialization))
        || (begin > 0 && live.equals(hashed(name, live.substring(begin, end), materialization)));
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
