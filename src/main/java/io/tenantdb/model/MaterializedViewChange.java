package io.tenantdb.model;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** A change of the materialized view that stands in for a continuous aggregate. */
public sealed interface MaterializedViewChange extends AggregateChange {

  /**
   * Makes a materialized view with its rows and its unique index, all or nothing.
   *
   * @param indexMark mark of the unique index
   */
  record CreateMaterializedView(
      Target target,
      DesiredAggregate aggregate,
      ViewText text,
      Mark mark,
      Mark indexMark,
      List<String> searchPath,
      boolean drift)
      implements MaterializedViewChange {
    @Override
    public List<Effect> effects() {
      return Stream.concat(
              Stream.of(target.table()), aggregate.uniqueIndex().stream().map(DesiredIndex::name))
          .map(name -> Effect.takes(target.schema(), name))
          .toList();
    }

    @Override
    public String before() {
      return "absent";
    }

    @Override
    public String after() {
      return "materialized view: "
          + text.summary()
          + aggregate.refresh().map(r -> "; refreshed every " + r.every()).orElse("");
    }

    @Override
    public boolean lasting() {
      return true;
    }

    @Override
    public List<Statement> statements() {
      DesiredIndex unique = aggregate.uniqueIndex().orElseThrow();
      return List.of(
          AggregateSql.path(searchPath),
          Statement.of(
              "CREATE MATERIALIZED VIEW "
                  + target.relation()
                  + " AS\n"
                  + aggregate.viewQuery()
                  + "\nWITH DATA"),
          AggregateSql.PG_CATALOG,
          Statement.of(unique.createSql(unique.name(), target.relation(), false)),
          Statement.of(
                  "COMMENT ON INDEX "
                      + target.sibling(unique.name())
                      + " IS "
                      + Identifiers.literal(indexMark.text()))
              .asMarking(),
          AggregateSql.comment("MATERIALIZED VIEW", target, mark.text()).asMarking());
    }

    @Override
    public CreateMaterializedView anyTenant() {
      return new CreateMaterializedView(
          target.anyTenant(),
          aggregate,
          text,
          mark,
          indexMark,
          AggregateSql.anyPath(searchPath),
          drift);
    }
  }

  /**
   * Refreshes a materialized view without blocking its readers. Part of the upkeep, not of the
   * difference.
   *
   * @param slot the scheduled time that this refresh is for
   * @param since the scheduled time of the last one; empty where none is known
   * @param concurrently false where the view was never populated, and so nobody can read it
   */
  record RefreshMaterializedView(
      Target target,
      Instant slot,
      Optional<Instant> since,
      boolean concurrently,
      Mark mark,
      String comment)
      implements MaterializedViewChange {
    @Override
    public List<Effect> effects() {
      return List.of(Effect.sets(target, Effect.Aspect.ROWS));
    }

    @Override
    public String object() {
      return target.table() + " rows";
    }

    @Override
    public boolean upkeep() {
      return true;
    }

    @Override
    public String before() {
      return since.map(at -> "refreshed for " + at).orElse("not refreshed yet");
    }

    @Override
    public String after() {
      return "refreshed for " + slot;
    }

    @Override
    public boolean lasting() {
      return true;
    }

    @Override
    public List<Statement> statements() {
      return List.of(
          Statement.of(
              "REFRESH MATERIALIZED VIEW "
                  + (concurrently ? "CONCURRENTLY " : "")
                  + target.relation()),
          AggregateSql.comment(
              "MATERIALIZED VIEW", target, mark.withRefreshed(slot).above(comment)));
    }

    @Override
    public RefreshMaterializedView anyTenant() {
      return new RefreshMaterializedView(target.anyTenant(), slot, since, concurrently, mark, "");
    }
  }
}
