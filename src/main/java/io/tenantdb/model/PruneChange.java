package io.tenantdb.model;

import io.tenantdb.model.Effect.Aspect;
import java.util.List;
import java.util.Optional;

/**
 * A change of what the spec declares no more: what we made goes, what we adopted loses our mark and
 * stays. Indexes of tables have {@link IndexSetting.DropIndex} and {@link IndexSetting.UnmarkIndex}
 * for it. Each runs in one transaction.
 */
public sealed interface PruneChange extends Change {

  /**
   * Drops the job of a compression, retention or refresh policy that we made. By the job's id, and
   * only while it bears our mark: others may have policies on the same table by now.
   *
   * @param policy as its mark names it
   * @param mark the mark that it bears
   * @param before what it does
   */
  record DropPolicy(
      Target target, String policy, int jobId, Mark mark, String before, String extensionSchema)
      implements PruneChange {
    @Override
    public List<Effect> effects() {
      return List.of(Effect.ofJob(Effect.Kind.DROPS, jobId));
    }

    @Override
    public String object() {
      return target.table() + " " + policy;
    }

    @Override
    public String after() {
      return "absent";
    }

    @Override
    public Hazard hazard() {
      return Hazard.DROPS_OBJECT;
    }

    @Override
    public List<Statement> statements() {
      return List.of(
          new Job(target, policy, jobId)
              .statement(
                  "SELECT " + Identifiers.qualified(extensionSchema, "delete_job") + "(j.job_id)",
                  List.of(),
                  mark));
    }

    @Override
    public DropPolicy anyTenant() {
      return new DropPolicy(target.anyTenant(), policy, 0, mark, before, extensionSchema);
    }
  }

  /**
   * Takes our mark off the job of a policy that we adopted.
   *
   * @param detour {@link ServerInfo.Timescale#altersHierarchies} is false
   */
  record UnmarkPolicy(
      Target target, String policy, int jobId, Mark mark, String extensionSchema, boolean detour)
      implements PruneChange {
    @Override
    public List<Effect> effects() {
      return List.of(Effect.ofJob(Effect.Kind.SETS, jobId));
    }

    @Override
    public String object() {
      return target.table() + " " + policy;
    }

    @Override
    public String before() {
      return "adopted";
    }

    @Override
    public String after() {
      return "unmarked";
    }

    @Override
    public List<Statement> statements() {
      return RefreshJobDetour.around(
          new Job(target, policy, jobId)
              .statement(
                  "SELECT "
                      + Identifiers.qualified(extensionSchema, "alter_job")
                      + "(j.job_id, config => j.config - 'managed_by')",
                  List.of(),
                  mark),
          target,
          detour && policy.equals(Mark.REFRESH));
    }

    @Override
    public UnmarkPolicy anyTenant() {
      return new UnmarkPolicy(target.anyTenant(), policy, 0, mark, extensionSchema, detour);
    }
  }

  /**
   * Drops a continuous aggregate or a materialized view that we made, with its rows, its indexes
   * and its refresh policy. Never with CASCADE: PostgreSQL refuses it while something depends on
   * it.
   *
   * @param mark the mark that it bears
   */
  record DropAggregate(Target target, ObservedAggregate.Kind relation, Mark mark)
      implements PruneChange {
    @Override
    public List<Effect> effects() {
      return List.of(Effect.drops(target.schema(), target.table()));
    }

    @Override
    public String object() {
      return target.table();
    }

    @Override
    public String before() {
      return switch (relation) {
        case CONTINUOUS -> "continuous aggregate";
        case MATERIALIZED_VIEW -> "materialized view";
      };
    }

    @Override
    public String after() {
      return "absent";
    }

    @Override
    public Hazard hazard() {
      return Hazard.DROPS_OBJECT;
    }

    /** What bears the name by now must still be ours. */
    @Override
    public Optional<Statement> mustFindNothing() {
      return Optional.of(
          Statement.of(
              "SELECT c.oid FROM pg_catalog.pg_class c"
                  + " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
                  + " WHERE n.nspname = ? AND c.relname = ?"
                  + " AND split_part(coalesce(pg_catalog.obj_description(c.oid, 'pg_class'), ''),"
                  + " chr(10), 1) IS DISTINCT FROM ?",
              target.schema(),
              target.table(),
              mark.text()));
    }

    @Override
    public List<Statement> statements() {
      return List.of(Statement.of("DROP MATERIALIZED VIEW " + target.relation()));
    }

    @Override
    public DropAggregate anyTenant() {
      return new DropAggregate(target.anyTenant(), relation, mark);
    }
  }

  /** Takes our mark off an aggregate that we adopted, and leaves a person's own comment. */
  record UnmarkAggregate(Target target, ObservedAggregate.Kind relation, String comment)
      implements PruneChange {
    @Override
    public List<Effect> effects() {
      return List.of(Effect.sets(target, Aspect.MARK));
    }

    @Override
    public String object() {
      return target.table();
    }

    @Override
    public String before() {
      return "adopted";
    }

    @Override
    public String after() {
      return "unmarked";
    }

    @Override
    public List<Statement> statements() {
      return List.of(
          AggregateSql.comment(AggregateSql.keyword(relation), target, Mark.without(comment)));
    }

    @Override
    public Optional<Statement> mustFindNothing() {
      return Optional.of(AggregateSql.hasAnotherComment(target, comment));
    }

    @Override
    public UnmarkAggregate anyTenant() {
      return new UnmarkAggregate(target.anyTenant(), relation, comment);
    }
  }

  /**
   * Drops an index that we made on a continuous aggregate.
   *
   * @param name as it was declared
   * @param liveName the name that it bears among the hypertables of all tenants
   * @param was what it is
   */
  record DropAggregateIndex(
      Target target,
      ObservedAggregate.Materialization materialization,
      String name,
      String liveName,
      String was)
      implements PruneChange {
    @Override
    public List<Effect> effects() {
      return List.of(Effect.drops(materialization.schema(), liveName));
    }

    @Override
    public String object() {
      return target.table() + "." + name;
    }

    @Override
    public String before() {
      return was;
    }

    @Override
    public String after() {
      return "absent";
    }

    @Override
    public Hazard hazard() {
      return Hazard.DROPS_OBJECT;
    }

    @Override
    public List<Statement> statements() {
      return List.of(
          Statement.of("DROP INDEX " + Identifiers.qualified(materialization.schema(), liveName)));
    }

    @Override
    public List<String> steps() {
      return IndexScript.drop(this);
    }

    @Override
    public DropAggregateIndex anyTenant() {
      return new DropAggregateIndex(target.anyTenant(), materialization, name, liveName, was);
    }
  }

  /** Takes our mark off an index of a continuous aggregate that we adopted. */
  record UnmarkAggregateIndex(
      Target target,
      ObservedAggregate.Materialization materialization,
      String name,
      String liveName,
      String comment)
      implements PruneChange {
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
      return "adopted";
    }

    @Override
    public String after() {
      return "unmarked";
    }

    @Override
    public List<Statement> statements() {
      return List.of(
          Statement.of(
              "COMMENT ON INDEX "
                  + Identifiers.qualified(materialization.schema(), liveName)
                  + " IS "
                  + Identifiers.literal(Mark.without(comment))));
    }

    @Override
    public Optional<Statement> mustFindNothing() {
      return Optional.of(
          IndexCheck.of(target, materialization, liveName).hasAnotherComment(comment));
    }

    @Override
    public UnmarkAggregateIndex anyTenant() {
      return new UnmarkAggregateIndex(target.anyTenant(), materialization, name, liveName, comment);
    }
  }
}
