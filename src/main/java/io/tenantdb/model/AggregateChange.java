package io.tenantdb.model;

import io.tenantdb.model.CanonicalAggregate.Source;
import io.tenantdb.model.DesiredAggregate.Refresh;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A change of an aggregate: a continuous aggregate, or the materialized view that stands in for it.
 * The target's table is the aggregate; its owner that of the source. All but the fill run in one
 * transaction.
 */
public sealed interface AggregateChange extends Change {

  @Override
  default String object() {
    return target().table();
  }

  @Override
  default String script() {
    return Stream.of(
            Stream.of("BEGIN"), statements().stream().map(Statement::display), Stream.of("COMMIT"))
        .flatMap(s -> s)
        .map(sql -> sql + ";")
        .collect(Collectors.joining("\n"));
  }

  /**
   * Makes a continuous aggregate without rows, and its refresh policy. Its SHARE ROW EXCLUSIVE lock
   * on the source and all its chunks keeps writers out for a moment.
   *
   * @param source the table of the tenant that it reads
   * @param refreshStartInSeconds first run of the refresh policy, from now
   * @param searchPath where names in the query are looked up: the tenant's schema first
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
      boolean drift)
      implements AggregateChange {
    @Override
    public String before() {
      return "absent";
    }

    @Override
    public String after() {
      return "continuous aggregate: "
          + text.summary(300)
          + aggregate.refresh().map(refresh -> "; refreshed " + describe(refresh)).orElse("");
    }

    @Override
    public List<Statement> statements() {
      List<Statement> statements = new ArrayList<>();
      statements.add(path(searchPath));
      statements.add(
          Statement.of(
              "CREATE MATERIALIZED VIEW "
                  + target.relation()
                  + " WITH (timescaledb.continuous, timescaledb.materialized_only = "
                  + aggregate.materializedOnly()
                  // On lines of its own, so that a comment in it ends with it.
                  + ") AS\n"
                  + aggregate.query()
                  + "\nWITH NO DATA"));
      statements.add(PG_CATALOG);
      statements.add(comment("VIEW", target, mark.text()));
      aggregate
          .refresh()
          .ifPresent(
              refresh ->
                  statements.addAll(
                      addPolicy(
                          target, refresh, refreshStartInSeconds, refreshMark, extensionSchema)));
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
          anyPath(searchPath),
          extensionSchema,
          drift);
    }
  }

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
      implements AggregateChange {
    @Override
    public String before() {
      return "absent";
    }

    @Override
    public String after() {
      return "materialized view: "
          + text.summary(300)
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
          path(searchPath),
          Statement.of(
              "CREATE MATERIALIZED VIEW "
                  + target.relation()
                  + " AS\n"
                  + aggregate.viewQuery()
                  + "\nWITH DATA"),
          PG_CATALOG,
          Statement.of(unique.createSql(unique.name(), target.relation(), false)),
          Statement.of(
              "COMMENT ON INDEX "
                  + target.sibling(unique.name())
                  + " IS "
                  + Identifiers.literal(indexMark.text())),
          comment("MATERIALIZED VIEW", target, mark.text()));
    }

    @Override
    public CreateMaterializedView anyTenant() {
      return new CreateMaterializedView(
          target.anyTenant(), aggregate, text, mark, indexMark, anyPath(searchPath), drift);
    }
  }

  /** Writes the mark of an aggregate that is as declared; a person's own comment stays below it. */
  record MarkAggregate(
      Target target, ObservedAggregate.Kind relation, Mark mark, String existing, String before)
      implements AggregateChange {
    @Override
    public String after() {
      return "marked";
    }

    @Override
    public List<Statement> statements() {
      return List.of(comment(keyword(relation), target, mark.above(existing)));
    }

    @Override
    public MarkAggregate anyTenant() {
      return new MarkAggregate(target.anyTenant(), relation, mark, "", before);
    }
  }

  /** Sets {@code timescaledb.materialized_only} in place. */
  record SetMaterializedOnly(Target target, boolean materializedOnly, boolean drift)
      implements AggregateChange {
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
      return List.of(
          Statement.of(
              "ALTER MATERIALIZED VIEW "
                  + target.relation()
                  + " SET (timescaledb.materialized_only = "
                  + materializedOnly
                  + ")"));
    }

    @Override
    public SetMaterializedOnly anyTenant() {
      return new SetMaterializedOnly(target.anyTenant(), materializedOnly, drift);
    }
  }

  /** Adds the refresh policy of a continuous aggregate. */
  record AddRefreshPolicy(
      Target target,
      Refresh refresh,
      long startInSeconds,
      Mark mark,
      String extensionSchema,
      boolean drift)
      implements AggregateChange {
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
      return addPolicy(target, refresh, startInSeconds, mark, extensionSchema);
    }

    @Override
    public AddRefreshPolicy anyTenant() {
      return new AddRefreshPolicy(target.anyTenant(), refresh, 0, mark, extensionSchema, drift);
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
      boolean drift)
      implements AggregateChange {
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
              .append("(job_id");
      every.ifPresent(
          e -> {
            sql.append(", schedule_interval => ?::interval, next_start => now() + ?::interval");
            parameters.add(e);
            parameters.add(startInSeconds + " seconds");
          });
      sql.append(", config => config || jsonb_build_object(");
      if (offsets) {
        sql.append("'start_offset', ");
        offset(sql, parameters, refresh.startOffset());
        sql.append(", 'end_offset', ");
        offset(sql, parameters, Optional.of(refresh.endOffset()));
        sql.append(", ");
      }
      sql.append(
          "'managed_by', ?::text)) FROM timescaledb_information.jobs WHERE job_id = ?::integer");
      parameters.add(mark.text());
      parameters.add(Integer.toString(jobId));
      return List.of(new Statement(sql.toString(), parameters));
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
          drift);
    }
  }

  /**
   * Fills a continuous aggregate that we made, from the oldest window to the newest, and then says
   * so in its mark. Windows that are filled already cost nothing, so that a fill that was killed
   * goes on where it was.
   *
   * @param source what it reads: its chunks bound the fill
   * @param bucket width of its buckets; the fill is one window where it is empty
   * @param endOffset the fill ends this long before now, as the policy's window does; at the end of
   *     the newest chunk when empty, and for integer time
   * @param mark the mark that it bears, not yet filled
   */
  record FillAggregate(
      Target target,
      Source source,
      Optional<TimeSpan> bucket,
      Optional<TimeSpan> endOffset,
      Mark mark,
      String comment,
      String extensionSchema)
      implements AggregateChange {
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

    /** What says that it is filled. */
    public Statement filled() {
      return AggregateChange.comment("VIEW", target, mark.withFilled().above(comment));
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

    /** Not in a transaction: each window commits. */
    @Override
    public String script() {
      return statements().stream().map(s -> s.display() + ";").collect(Collectors.joining("\n"));
    }

    @Override
    public boolean drift() {
      return false;
    }

    @Override
    public FillAggregate anyTenant() {
      return new FillAggregate(
          target.anyTenant(), source, bucket, endOffset, mark, "", extensionSchema);
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
      implements AggregateChange {
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
          AggregateChange.comment(
              "MATERIALIZED VIEW", target, mark.withRefreshed(slot).above(comment)));
    }

    @Override
    public RefreshMaterializedView anyTenant() {
      return new RefreshMaterializedView(target.anyTenant(), slot, since, concurrently, mark, "");
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

  /** The rest of the transaction finds nothing of a tenant by name. */
  Statement PG_CATALOG = Statement.of("SET LOCAL search_path = pg_catalog");

  private static Statement path(List<String> searchPath) {
    return Statement.of("SET LOCAL search_path = " + Identifiers.list(searchPath));
  }

  private static List<String> anyPath(List<String> searchPath) {
    return Stream.concat(Stream.of("<schema>"), searchPath.stream().skip(1)).toList();
  }

  private static String keyword(ObservedAggregate.Kind kind) {
    // TimescaleDB presents a continuous aggregate as a view: COMMENT ON MATERIALIZED VIEW is 42809.
    return kind == ObservedAggregate.Kind.CONTINUOUS ? "VIEW" : "MATERIALIZED VIEW";
  }

  private static Statement comment(String keyword, Target target, String text) {
    return Statement.of(
        "COMMENT ON " + keyword + " " + target.relation() + " IS " + Identifiers.literal(text));
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

  private static List<Statement> addPolicy(
      Target target, Refresh refresh, long startInSeconds, Mark mark, String extensionSchema) {
    List<String> parameters = new ArrayList<>(List.of(target.relation()));
    refresh.startOffset().ifPresent(offset -> parameters.add(offset.text()));
    parameters.add(refresh.endOffset().text());
    parameters.add(refresh.every());
    parameters.add(startInSeconds + " seconds");
    // Two statements: the first one's job is not among the rows that a query of its own sees.
    return List.of(
        new Statement(
            "SELECT "
                + Identifiers.qualified(extensionSchema, "add_continuous_aggregate_policy")
                + "(?::regclass, start_offset => "
                + refresh.startOffset().map(o -> "?::" + offsetType(o)).orElse("NULL")
                + ", end_offset => ?::"
                + offsetType(refresh.endOffset())
                + ", schedule_interval => ?::interval, initial_start => now() + ?::interval)",
            parameters),
        // By the id of what keeps the rows: the names that the view of jobs has changed in 2.20.
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
            target.table()));
  }
}
