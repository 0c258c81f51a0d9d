package io.tenantdb.model;

import io.tenantdb.model.CanonicalAggregate.Source;
import io.tenantdb.model.Effect.Aspect;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A change of an aggregate: a continuous aggregate, or the materialized view that stands in for it.
 * The target's table is the aggregate; its owner that of the source. All but the fill run in one
 * transaction.
 */
public sealed interface AggregateChange extends Change
    permits AggregateChange.CreateAggregate,
        AggregateChange.MarkAggregate,
        AggregateChange.SetMaterializedOnly,
        AggregateChange.FillAggregate,
        MaterializedViewChange,
        RefreshPolicyChange {

  @Override
  default String object() {
    return target().table();
  }

  /**
   * Makes a continuous aggregate without rows, and its refresh policy. Its SHARE ROW EXCLUSIVE lock
   * on the source and all its chunks keeps writers out for a moment.
   *
   * @param source the table of the tenant that it reads
   * @param refreshStartInSeconds first run of the refresh policy, from now
   * @param searchPath where names in the query are looked up: the tenant's schema first
   * @param detour {@link ServerInfo.Timescale#altersHierarchies} is false
   */
  record CreateAggregate(
      Target target,
      DesiredAggregate aggregate,
      String source,
      ViewText text,
      Mark mark,
      Mark refreshMark,
      long refreshStartInSeconds,
      List<String> searchPath,
      String extensionSchema,
      boolean drift,
      boolean detour)
      implements AggregateChange {

    /** On a server that needs no detour. */
    public CreateAggregate(
        Target target,
        DesiredAggregate aggregate,
        String source,
        ViewText text,
        Mark mark,
        Mark refreshMark,
        long refreshStartInSeconds,
        List<String> searchPath,
        String extensionSchema,
        boolean drift) {
      this(
          target,
          aggregate,
          source,
          text,
          mark,
          refreshMark,
          refreshStartInSeconds,
          searchPath,
          extensionSchema,
          drift,
          false);
    }

    @Override
    public List<Effect> effects() {
      return List.of(Effect.takes(target.schema(), target.table()));
    }

    @Override
    public String before() {
      return "absent";
    }

    @Override
    public String after() {
      return "continuous aggregate: "
          + text.summary()
          + aggregate
              .refresh()
              .map(refresh -> "; refreshed " + RefreshPolicyChange.describe(refresh))
              .orElse("");
    }

    @Override
    public List<Statement> statements() {
      List<Statement> statements = new ArrayList<>();
      statements.add(AggregateSql.path(searchPath));
      String create =
          "CREATE MATERIALIZED VIEW "
              + target.relation()
              + " WITH (timescaledb.continuous, timescaledb.materialized_only = "
              + aggregate.materializedOnly()
              + ") AS\n";
      statements.add(
          BucketWidths.areWritten(text)
              // On lines of its own, so that a comment in it ends with it.
              ? Statement.of(create + aggregate.query() + "\nWITH NO DATA")
              : AggregateSql.resolved(create, aggregate.query()));
      statements.add(AggregateSql.PG_CATALOG);
      statements.add(AggregateSql.comment("VIEW", target, mark.text()).asMarking());
      aggregate
          .refresh()
          .ifPresent(
              refresh ->
                  statements.addAll(
                      RefreshPolicyChange.addPolicy(
                          target,
                          refresh,
                          refreshStartInSeconds,
                          refreshMark,
                          extensionSchema,
                          detour)));
      return List.copyOf(statements);
    }

    @Override
    public CreateAggregate anyTenant() {
      return new CreateAggregate(
          target.anyTenant(),
          aggregate,
          source,
          text,
          mark,
          refreshMark,
          0,
          AggregateSql.anyPath(searchPath),
          extensionSchema,
          drift,
          detour);
    }
  }

  /**
   * Writes the mark of an aggregate that is as declared; a person's own comment stays below it.
   *
   * @param existing the comment that it has
   * @param oid the view that was judged: its query is the declared one
   */
  record MarkAggregate(
      Target target,
      ObservedAggregate.Kind relation,
      Mark mark,
      String existing,
      String before,
      long oid)
      implements AggregateChange {
    @Override
    public List<Effect> effects() {
      return List.of(Effect.sets(target, Aspect.MARK));
    }

    @Override
    public String after() {
      return "marked";
    }

    @Override
    public List<Statement> statements() {
      return List.of(
          AggregateSql.comment(AggregateSql.keyword(relation), target, mark.above(existing)));
    }

    @Override
    public Optional<Statement> mustFindNothing() {
      return Optional.of(AggregateSql.isAnother(target, oid, existing));
    }

    @Override
    public MarkAggregate anyTenant() {
      return new MarkAggregate(target.anyTenant(), relation, mark, existing, before, 0);
    }
  }

  /**
   * Sets {@code timescaledb.materialized_only} in place.
   *
   * @param marking the mark that vouches for it, where the aggregate bears another one
   */
  record SetMaterializedOnly(
      Target target, boolean materializedOnly, boolean drift, Optional<MarkAggregate> marking)
      implements AggregateChange {
    @Override
    public List<Effect> effects() {
      return Stream.concat(
              Stream.of(Effect.sets(target, Aspect.MATERIALIZED_ONLY)),
              marking.stream().flatMap(mark -> mark.effects().stream()))
          .toList();
    }

    @Override
    public Optional<Statement> mustFindNothing() {
      return marking.flatMap(MarkAggregate::mustFindNothing);
    }

    @Override
    public String object() {
      return target.table() + " materializedOnly";
    }

    @Override
    public String before() {
      return Boolean.toString(!materializedOnly);
    }

    @Override
    public String after() {
      return Boolean.toString(materializedOnly);
    }

    @Override
    public List<Statement> statements() {
      Statement setting =
          Statement.of(
              "ALTER MATERIALIZED VIEW "
                  + target.relation()
                  + " SET (timescaledb.materialized_only = "
                  + materializedOnly
                  + ")");
      return Stream.concat(
              Stream.of(setting),
              marking.stream()
                  .flatMap(mark -> mark.statements().stream())
                  .map(Statement::asMarking))
          .toList();
    }

    @Override
    public SetMaterializedOnly anyTenant() {
      return new SetMaterializedOnly(
          target.anyTenant(), materializedOnly, drift, marking.map(MarkAggregate::anyTenant));
    }
  }

  /**
   * Fills a continuous aggregate that we made, from the oldest window to the newest, and then says
   * so in its mark. Windows that are filled already cost nothing, so that a fill that was killed
   * goes on where it was.
   *
   * @param source what it reads: its chunks bound the fill
   * @param endOffset the fill ends this long before now, as the policy's window does; at the end of
   *     the newest chunk when empty, and for integer time
   * @param mark the mark that it bears, not yet filled
   */
  record FillAggregate(
      Target target,
      Source source,
      Optional<TimeSpan> endOffset,
      Mark mark,
      String comment,
      String extensionSchema)
      implements AggregateChange {
    @Override
    public List<Effect> effects() {
      // The mark that it ends with says no less than that of a MarkAggregate before it.
      return List.of(Effect.sets(target, Aspect.ROWS));
    }

    @Override
    public String object() {
      return target.table() + " rows";
    }

    @Override
    public String before() {
      return "not filled";
    }

    @Override
    public String after() {
      return "filled from the oldest row on";
    }

    @Override
    public boolean lasting() {
      return true;
    }

    /** The table of the tenant, or of another schema, that it reads; unqualified in the first. */
    public String sourceSchema() {
      return source.schema().orElse(target.schema());
    }

    /**
     * Finds a row where what bears the name is not what was filled. A refresh commits by itself and
     * is refused in a transaction block, so that its mark cannot be written in the same one.
     */
    public Statement isAnother() {
      return AggregateSql.hasAnotherComment(
          target, comment, mark.above(comment), mark.withFilled().above(comment));
    }

    /** What says that it is filled. */
    public Statement filled() {
      return AggregateSql.comment("VIEW", target, mark.withFilled().above(comment));
    }

    /** One call for people; it is made window by window. */
    @Override
    public List<Statement> statements() {
      String end =
          endOffset
              .filter(TimeSpan.Interval.class::isInstance)
              .map(offset -> "now() - interval " + Identifiers.literal(offset.text()))
              .orElse("NULL");
      return List.of(
          Statement.of(
              "CALL "
                  + Identifiers.qualified(extensionSchema, "refresh_continuous_aggregate")
                  + "("
                  + Identifiers.literal(target.relation())
                  + ", NULL, "
                  + end
                  + ")"),
          filled());
    }

    /**
     * One statement, so that nothing says that it is filled where it is not. No transaction: each
     * window commits, and takes back what was set for one.
     */
    @Override
    public List<String> steps() {
      Block block =
          Block.inTheSessionsRole()
              .require(
                  "(SELECT relowner FROM pg_catalog.pg_class WHERE oid = pg_catalog.to_regclass("
                      + Identifiers.literal(target.relation())
                      + ")) = (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = current_user)",
                  "the session does not have the role of the owner of " + target.table(),
                  "SET ROLE to it first.")
              .run(statements());
      return new Script().role(target.owner()).add(block).steps();
    }

    @Override
    public boolean drift() {
      return false;
    }

    @Override
    public FillAggregate anyTenant() {
      return new FillAggregate(
          target.anyTenant(), source, endOffset, mark, comment, extensionSchema);
    }
  }
}
