package io.tenantdb.model;

import io.tenantdb.model.DesiredAggregate.Refresh;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** A change of the refresh policy of a continuous aggregate. */
public sealed interface RefreshPolicyChange extends AggregateChange {

  /**
   * Adds the refresh policy of a continuous aggregate.
   *
   * @param detour {@link ServerInfo.Timescale#altersHierarchies} is false
   */
  record AddRefreshPolicy(
      Target target,
      Refresh refresh,
      long startInSeconds,
      Mark mark,
      String extensionSchema,
      boolean drift,
      boolean detour)
      implements RefreshPolicyChange {

    /** On a server that needs no detour. */
    public AddRefreshPolicy(
        Target target,
        Refresh refresh,
        long startInSeconds,
        Mark mark,
        String extensionSchema,
        boolean drift) {
      this(target, refresh, startInSeconds, mark, extensionSchema, drift, false);
    }

    @Override
    public List<Effect> effects() {
      return List.of(Effect.sets(target, Effect.Aspect.REFRESH));
    }

    @Override
    public String object() {
      return target.table() + " refresh";
    }

    @Override
    public String before() {
      return "absent";
    }

    @Override
    public String after() {
      return describe(refresh);
    }

    @Override
    public List<Statement> statements() {
      return addPolicy(target, refresh, startInSeconds, mark, extensionSchema, detour);
    }

    @Override
    public AddRefreshPolicy anyTenant() {
      return new AddRefreshPolicy(
          target.anyTenant(), refresh, 0, mark, extensionSchema, drift, detour);
    }
  }

  /**
   * Changes the refresh policy in place: the job keeps its id and its statistics. A change of the
   * mark alone is this too.
   *
   * @param offsets whether the offsets are to be set
   * @param every the schedule to set; empty where it is as declared
   * @param startInSeconds next run after a change of schedule, from now; TimescaleDB would
   *     otherwise run at once
   * @param detour {@link ServerInfo.Timescale#altersHierarchies} is false
   */
  record AlterRefreshPolicy(
      Target target,
      int jobId,
      Refresh refresh,
      boolean offsets,
      Optional<String> every,
      long startInSeconds,
      Mark mark,
      String before,
      String after,
      String extensionSchema,
      boolean drift,
      boolean detour)
      implements RefreshPolicyChange {

    /** On a server that needs no detour. */
    public AlterRefreshPolicy(
        Target target,
        int jobId,
        Refresh refresh,
        boolean offsets,
        Optional<String> every,
        long startInSeconds,
        Mark mark,
        String before,
        String after,
        String extensionSchema,
        boolean drift) {
      this(
          target,
          jobId,
          refresh,
          offsets,
          every,
          startInSeconds,
          mark,
          before,
          after,
          extensionSchema,
          drift,
          false);
    }

    @Override
    public List<Effect> effects() {
      return List.of(
          Effect.sets(target, Effect.Aspect.REFRESH), Effect.ofJob(Effect.Kind.SETS, jobId));
    }

    @Override
    public String object() {
      return target.table() + " refresh";
    }

    @Override
    public List<Statement> statements() {
      List<String> parameters = new ArrayList<>();
      StringBuilder sql =
          new StringBuilder("SELECT ")
              .append(Identifiers.qualified(extensionSchema, "alter_job"))
              .append("(j.job_id");
      every.ifPresent(
          e -> {
            sql.append(", schedule_interval => ?::interval, next_start => now() + ?::interval");
            parameters.add(e);
            parameters.add(startInSeconds + " seconds");
          });
      sql.append(", config => j.config || jsonb_build_object(");
      if (offsets) {
        sql.append("'start_offset', ");
        offset(sql, parameters, refresh.startOffset());
        sql.append(", 'end_offset', ");
        offset(sql, parameters, Optional.of(refresh.endOffset()));
        sql.append(", ");
      }
      sql.append("'managed_by', ?::text))");
      parameters.add(mark.text());
      return RefreshJobDetour.around(
          new Job(target, Mark.REFRESH, jobId).statement(sql.toString(), parameters),
          target,
          detour);
    }

    /** As TimescaleDB writes them: interval text, JSON numbers for integer time, JSON null. */
    private static void offset(
        StringBuilder sql, List<String> parameters, Optional<TimeSpan> offset) {
      sql.append(
          offset
              .map(o -> o instanceof TimeSpan.Whole ? "?::bigint" : "(?::interval)::text")
              .orElse("NULL::text"));
      offset.ifPresent(o -> parameters.add(o.text()));
    }

    @Override
    public AlterRefreshPolicy anyTenant() {
      return new AlterRefreshPolicy(
          target.anyTenant(),
          0,
          refresh,
          offsets,
          every,
          0,
          mark,
          before,
          after,
          extensionSchema,
          drift,
          detour);
    }
  }

  /** {@code every 1 hour, from 7 days to 1 hour ago}. */
  static String describe(Refresh refresh) {
    return "every "
        + refresh.every()
        + ", from "
        + refresh.startOffset().map(TimeSpan::text).orElse("the beginning")
        + " to "
        + refresh.endOffset().text()
        + " ago";
  }

  /**
   * TimescaleDB takes whole numbers that PostgreSQL converts to the time column's type by itself:
   * those of a smaller type, and no {@code bigint} for {@code integer}.
   */
  private static String offsetType(TimeSpan offset) {
    if (!(offset instanceof TimeSpan.Whole whole)) {
      return offset.sqlType();
    }
    if (whole.units() <= Short.MAX_VALUE) {
      return "smallint";
    }
    return whole.units() <= Integer.MAX_VALUE ? "integer" : "bigint";
  }

  /** Adds the policy and writes its mark. */
  /**
   * Adds the policy to an aggregate that is never committed, for TimescaleDB to judge its window.
   *
   * @param relation qualified and quoted
   */
  static Statement trial(String relation, Refresh refresh, String extensionSchema) {
    List<String> parameters = new ArrayList<>(List.of(relation));
    refresh.startOffset().ifPresent(offset -> parameters.add(offset.text()));
    parameters.add(refresh.endOffset().text());
    parameters.add(refresh.every());
    return new Statement(
        "SELECT " + addition(refresh, extensionSchema) + ", schedule_interval => ?::interval)",
        parameters);
  }

  private static String addition(Refresh refresh, String extensionSchema) {
    return Identifiers.qualified(extensionSchema, "add_continuous_aggregate_policy")
        + "(?::regclass, start_offset => "
        + refresh.startOffset().map(o -> "?::" + offsetType(o)).orElse("NULL")
        + ", end_offset => ?::"
        + offsetType(refresh.endOffset());
  }

  static List<Statement> addPolicy(
      Target target,
      Refresh refresh,
      long startInSeconds,
      Mark mark,
      String extensionSchema,
      boolean detour) {
    List<String> parameters = new ArrayList<>(List.of(target.relation()));
    refresh.startOffset().ifPresent(offset -> parameters.add(offset.text()));
    parameters.add(refresh.endOffset().text());
    parameters.add(refresh.every());
    parameters.add(startInSeconds + " seconds");
    // Two statements: the first one's job is not among the rows that a query of its own sees.
    Statement add =
        new Statement(
            "SELECT "
                + addition(refresh, extensionSchema)
                + ", schedule_interval => ?::interval, initial_start => now() + ?::interval)",
            parameters);
    // By the id of what keeps the rows: the names that the view of jobs has changed in 2.20.
    Statement marking =
        Statement.of(
            "SELECT "
                + Identifiers.qualified(extensionSchema, "alter_job")
                + "(j.job_id, config => j.config || jsonb_build_object('managed_by', ?::text))"
                + " FROM timescaledb_information.jobs AS j"
                + " JOIN _timescaledb_catalog.continuous_agg AS c"
                + " ON c.mat_hypertable_id::text = j.config ->> 'mat_hypertable_id'"
                + " WHERE j.proc_name = 'policy_refresh_continuous_aggregate'"
                + " AND j.config ->> 'managed_by' IS NULL"
                + " AND c.user_view_schema = ? AND c.user_view_name = ?",
            mark.text(),
            target.schema(),
            target.table());
    return Stream.concat(
            Stream.of(add),
            RefreshJobDetour.around(marking.finding(), target, detour).stream()
                .map(Statement::asMarking))
        .toList();
  }
}
